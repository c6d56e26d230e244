/**
 * A small SentencePiece vocabulary with what a text has most often, and texts to encode.
 *
 * @module
 */

import { uniform } from "../../../lib/bita/choose/random.ts";
import {
  TOKEN_TYPE,
  type Vocabulary,
} from "../../../models/gguf/vocabulary.ts";
import {
  concat,
  ggufFile,
  textsValue,
  textValue,
  u32,
  u32Value,
  u64,
} from "../../models/gguf/_file.ts";

const TEXT = Deno.readTextFileSync(
  new URL("../../models/text.txt", import.meta.url),
);

/** Texts that the golden ids are of. */
const TEXTS = 1500;

/** Characters that the vocabulary has only as bytes, and white space. */
const ODD = [
  "é",
  "漢",
  "🙂",
  "▁",
  "\n",
  "\n\n",
  "  ",
  "\t",
  "<s>",
  "0x",
  "ß",
  " ",
];

/** Returns the vocabulary: controls, bytes, then pieces, common ones first. */
export function smallSpm(): Vocabulary {
  const text = TEXT.replaceAll("\n", " ").replaceAll(" ", "▁");
  const counts = new Map<string, number>();
  for (let length = 1; length <= 6; length++) {
    for (let at = 0; at + length <= text.length; at++) {
      const piece = text.slice(at, at + length);
      if (piece.lastIndexOf("▁") > 0) continue;
      counts.set(piece, (counts.get(piece) ?? 0) + length);
    }
  }
  const letters = [...new Set(text)].sort();
  const common = [...counts]
    .filter(([piece, count]) => piece.length > 1 && count > 2 * piece.length)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, 700).map(([piece]) => piece);
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const specials = ["<unk>", "<s>", "</s>"];
  const tokens = [...specials, ...bytes, ...common, "▁▁", ...letters];
  return {
    model: "llama",
    pre: "default",
    tokens,
    types: tokens.map((token, id) => {
      if (id === 0) return TOKEN_TYPE.unknown;
      if (id < specials.length) return TOKEN_TYPE.control;
      return bytes.includes(token) ? TOKEN_TYPE.byte : TOKEN_TYPE.normal;
    }),
    scores: tokens.map((_, id) => -id),
    merges: [],
    bosToken: 1,
    eosToken: 2,
  };
}

/** Returns parts of a text, many of them with odd characters between. */
export function spmTexts(): string[] {
  return Array.from({ length: TEXTS }, (_, i) => {
    const draw = (n: number) => uniform(5, i * 8 + n);
    const part = (n: number) => {
      const start = Math.floor(draw(n) * (TEXT.length - 40));
      return TEXT.slice(start, start + 1 + Math.floor(draw(n + 1) * 30));
    };
    const odd = () => ODD[Math.floor(draw(4) * ODD.length)];
    return i % 3 === 0 ? part(0) : part(0) + odd() + part(2);
  });
}

/** The type and value of a list of 32-bit numbers. */
const listValue = (type: number, { buffer }: Int32Array | Float32Array) =>
  concat(u32(9), u32(type), u64(buffer.byteLength / 4), new Uint8Array(buffer));

/** Returns a file with the vocabulary and no tensors. */
export function spmFile(addSpacePrefix: boolean): Uint8Array<ArrayBuffer> {
  const { tokens, types, scores } = smallSpm();
  return ggufFile({
    entries: [
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
    ],
  });
}
