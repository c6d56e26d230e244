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
import {
  concat,
  type Entry,
  ggufFile,
  textsValue,
  textValue,
  u32,
  u32Value,
  u64,
} from "../../models/gguf/_file.ts";
import { smallSpm, spmTexts } from "./_spm.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The type and value of a list of 32-bit numbers. */
const listValue = (type: number, { buffer }: Int32Array | Float32Array) =>
  concat(u32(9), u32(type), u64(buffer.byteLength / 4), new Uint8Array(buffer));

function entries(addSpacePrefix: boolean): Entry[] {
  const { tokens, types, scores } = smallSpm();
  return [
    ["general.architecture", textValue("llama")],
    ["tokenizer.ggml.model", textValue("llama")],
    ["tokenizer.ggml.pre", textValue("default")],
    ["tokenizer.ggml.tokens", textsValue(tokens)],
    ["tokenizer.ggml.scores", listValue(6, Float32Array.from(scores!))],
    ["tokenizer.ggml.token_type", listValue(5, Int32Array.from(types))],
    ["tokenizer.ggml.bos_token_id", u32Value(1)],
    ["tokenizer.ggml.eos_token_id", u32Value(2)],
    [
      "tokenizer.ggml.add_space_prefix",
      concat(u32(7), Uint8Array.of(Number(addSpacePrefix))),
    ],
  ];
}

const folder = await Deno.makeTempDir();
try {
  const golden: string[] = [];
  await Deno.writeTextFile(`${folder}/texts.json`, JSON.stringify(spmTexts()));
  for (const addSpacePrefix of [false, true]) {
    const path = `${folder}/spm.gguf`;
    await Deno.writeFile(path, ggufFile({ entries: entries(addSpacePrefix) }));
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
