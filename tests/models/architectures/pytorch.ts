/**
 * Writes `pytorch.jsonl`: what PyTorch computes with a tiny model of each architecture.
 *
 * ```sh
 * pip install torch transformers gguf
 * deno run -A tests/models/architectures/pytorch.ts
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { FAMILY_FILES, IDS, LENGTHS } from "./_families.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const folder = await Deno.makeTempDir();
try {
  const names = Object.keys(FAMILY_FILES);
  for (const name of names) {
    await writeTinyGguf(`${folder}/${name}.gguf`, FAMILY_FILES[name]);
  }
  const { success, stdout } = await new Deno.Command(
    Deno.env.get("PYTHON") || "python3",
    {
      args: [
        here("pytorch.py"),
        JSON.stringify(names),
        JSON.stringify({ ids: [...IDS], lengths: LENGTHS }),
        folder,
      ],
      stderr: "inherit",
    },
  ).output();
  if (!success) throw new Error("Cannot run PyTorch");
  await Deno.writeFile(here("pytorch.jsonl"), stdout);
} finally {
  await Deno.remove(folder, { recursive: true });
}
