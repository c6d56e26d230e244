/**
 * Writes `golden.jsonl`: what llama.cpp computes with a tiny model of each architecture.
 *
 * ```sh
 * (cd tests/bench/llama && npm install --no-save)
 * deno run -A tests/models/architectures/golden.ts
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { FAMILY_FILES, IDS, LENGTHS } from "./_families.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const lines: string[] = [];
const folder = await Deno.makeTempDir();
try {
  for (const [name, options] of Object.entries(FAMILY_FILES)) {
    const path = `${folder}/${name}.gguf`;
    await writeTinyGguf(path, options);
    const { success, stdout } = await new Deno.Command("node", {
      args: [
        here("golden.mjs"),
        path,
        JSON.stringify([...IDS]),
        JSON.stringify(LENGTHS),
      ],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`Cannot run llama.cpp on ${name}`);
    const best: [token: number, logit: number][][] = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    lines.push(JSON.stringify({ name, best }));
    console.log(name);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
await Deno.writeTextFile(here("golden.jsonl"), lines.join("\n") + "\n");
