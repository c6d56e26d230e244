/**
 * SentencePiece's BPE, as in Llama 2: spaces are the character `▁`, the pair whose
 * union has the best score merges first, and characters without a piece become bytes.
 *
 * @module
 */

import { Tokenizer } from "@huggingface/tokenizers";
import { TOKEN_TYPE } from "../../models/gguf/vocabulary.ts";
import { addedTokens, entriesOf, type Scheme } from "./scheme.ts";

const SPACE = "▁";

/** The spelling of a byte, such as `<0x0A>`. */
const BYTE = /^<0x([0-9A-F]{2})>$/;

const utf8 = new TextEncoder();

/** The scheme of vocabularies of type `llama`. */
export const SENTENCE_PIECE: Scheme = {
  startsWithToken: () => true,

  tokenizer(vocabulary) {
    const { addSpacePrefix = true } = vocabulary;
    const bytes = entriesOf(vocabulary, TOKEN_TYPE.byte);
    const pieces = entriesOf(vocabulary, TOKEN_TYPE.normal);
    const unknown = entriesOf(vocabulary, TOKEN_TYPE.unknown);
    const spaces = {
      type: "Replace",
      pattern: { String: " " },
      content: SPACE,
    };
    return new Tokenizer({
      normalizer: {
        type: "Sequence",
        normalizers: [
          ...addSpacePrefix ? [{ type: "Prepend", prepend: SPACE }] : [],
          spaces,
        ],
      },
      pre_tokenizer: null,
      model: {
        type: "BPE",
        vocab: Object.fromEntries([...unknown, ...bytes, ...pieces]),
        merges: mergesOf(pieces, vocabulary.scores ?? []),
        unk_token: unknown[0]?.[0] ?? null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
      },
      post_processor: null,
      decoder: null,
      added_tokens: addedTokens(vocabulary),
    }, {});
  },

  bytes(spelling) {
    const byte = BYTE.exec(spelling);
    if (byte) return Uint8Array.of(parseInt(byte[1], 16));
    return utf8.encode(spelling.replaceAll(SPACE, " "));
  },
};

/** Lists the pairs of pieces whose union is a piece, the best union first. */
function mergesOf(
  pieces: readonly [string, number][],
  scores: readonly number[],
): [string, string][] {
  const known = new Set(pieces.map(([piece]) => piece));
  return pieces
    .toSorted(([, a], [, b]) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
    .flatMap(([piece]) => {
      const pairs: [string, string][] = [];
      let left = "";
      for (const character of piece) {
        const right = piece.slice(left.length);
        if (known.has(left) && known.has(right)) pairs.push([left, right]);
        left += character;
      }
      return pairs;
    });
}
