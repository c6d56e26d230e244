/**
 * Writes `golden.jsonl`: what llama.cpp computes with a tiny model of each architecture.
 * With names as arguments, only their lines change.
 *
 * ```sh
 * (cd tests/bench/llama && npm install --no-save)
 * deno run -A tests/models/architectures/golden.ts [NAME…]
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { FAMILY_FILES, IDS, LENGTHS, ONLY_PYTORCH } from "./_families.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const path = here("golden.jsonl");
const lines = new Map(
  (await Deno.readTextFile(path)).trim().split("\n")
    .map((line) => [JSON.parse(line).name as string, line]),
);
const folder = await Deno.makeTempDir();
try {
  for (const [name, options] of Object.entries(FAMILY_FILES)) {
    if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
    if (ONLY_PYTORCH.includes(name)) continue;
    const file = `${folder}/${name}.gguf`;
    await writeTinyGguf(file, options);
    const { success, stdout } = await new Deno.Command("node", {
      args: [
        here("golden.mjs"),
        file,
        JSON.stringify([...IDS]),
        JSON.stringify(LENGTHS),
      ],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`Cannot run llama.cpp on ${name}`);
    const best: [token: number, logit: number][][] = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    lines.set(name, JSON.stringify({ name, best }));
    console.log(name);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
const all = Object.keys(FAMILY_FILES).flatMap((name) => lines.get(name) ?? []);
await Deno.writeTextFile(path, all.join("\n") + "\n");
