/**
 * Writes `golden.jsonl`: the ids that llama.cpp has for the texts of `_spm.ts`, without
 * and with a space before each text.
 *
 * ```sh
 * (cd tests/bench/llama && npm install --no-save)
 * deno run -A tests/text/sentence_piece/golden.ts
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { spmFile, spmTexts } from "./_spm.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const folder = await Deno.makeTempDir();
try {
  const golden: string[] = [];
  await Deno.writeTextFile(`${folder}/texts.json`, JSON.stringify(spmTexts()));
  for (const addSpacePrefix of [false, true]) {
    const path = `${folder}/spm.gguf`;
    await Deno.writeFile(path, spmFile(addSpacePrefix));
    const { success, stdout } = await new Deno.Command("node", {
      args: [
        here("golden.mjs"),
        path,
        `${folder}/texts.json`,
      ],
      stderr: "inherit",
    }).output();
    if (!success) throw new Error("Cannot run llama.cpp");
    golden.push(new TextDecoder().decode(stdout));
  }
  await Deno.writeTextFile(here("golden.jsonl"), golden.join(""));
} finally {
  await Deno.remove(folder, { recursive: true });
}
