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
