/**
 * Writes `golden.jsonl`: the vectors that llama.cpp makes with tiny models.
 *
 * ```sh
 * (cd tests/bench/llama && npm install --no-save)
 * deno run -A tests/bita/decode/embed/golden.ts
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { writeTinyGguf } from "../../../toy/tiny_gguf.ts";
import { IDS, LENGTHS, POOLED } from "./_files.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const lines: string[] = [];
const folder = await Deno.makeTempDir();
try {
  for (const [pooling, options] of Object.entries(POOLED)) {
    const file = `${folder}/${pooling}.gguf`;
    await writeTinyGguf(file, options);
    const ids = JSON.stringify([...IDS]);
    const { success, stdout } = await new Deno.Command("node", {
      args: [here("golden.mjs"), file, ids, JSON.stringify(LENGTHS)],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`Cannot run llama.cpp on ${pooling}`);
    const vectors = JSON.parse(new TextDecoder().decode(stdout));
    lines.push(JSON.stringify({ pooling, vectors }));
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
await Deno.writeTextFile(here("golden.jsonl"), lines.join("\n") + "\n");
