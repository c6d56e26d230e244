/**
 * Byte-level BPE, as in GPT-2: text becomes bytes, each a character of an alphabet, and
 * pairs of them merge. A byte that is not in the vocabulary is dropped, as in other
 * implementations.
 *
 * @module
 */

import { Tokenizer } from "@huggingface/tokenizers";
import { TOKEN_TYPE } from "../../models/gguf/vocabulary.ts";
import { fillVocabulary } from "./fill_vocabulary.ts";
import { preTokenizer, startsWithToken } from "./pre_tokenizer.ts";
import { addedTokens, entriesOf, type Scheme } from "./scheme.ts";

/**
 * The character of each byte. A byte that isn't a printable Latin-1 character has one
 * from U+0100 on.
 */
export const BYTE_ALPHABET: readonly string[] = alphabet();

const BYTES = new Map(
  BYTE_ALPHABET.map((character, byte) => [character, byte]),
);

/**
 * Returns the bytes of a token from its spelling. A spelling with a character outside
 * the alphabet, as in some extended vocabularies, is the token's text itself.
 */
function bytesOf(spelling: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of spelling) {
    const byte = BYTES.get(character);
    if (byte === undefined) return new TextEncoder().encode(spelling);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** The scheme of vocabularies of type `gpt2`. */
export const BYTE_LEVEL: Scheme = {
  startsWithToken: ({ pre }) => startsWithToken(pre),

  tokenizer(vocabulary) {
    const { cuts, compose, ignoreMerges } = preTokenizer(vocabulary.pre);
    const pieces = entriesOf(vocabulary, TOKEN_TYPE.normal);
    const known = new Set(
      pieces.flatMap(([text]) => text.length === 1 ? [text] : []),
    );
    const tokenizer = new Tokenizer({
      normalizer: compose ? { type: "NFC" } : null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          ...cuts.map((Regex) => ({
            type: "Split",
            pattern: { Regex },
            behavior: "Isolated",
            invert: false,
          })),
          { type: "ByteLevel", add_prefix_space: false, use_regex: false },
          ...withoutBytes(BYTE_ALPHABET.filter((byte) => !known.has(byte))),
        ],
      },
      model: {
        type: "BPE",
        vocab: {},
        merges: [],
        ignore_merges: ignoreMerges ?? false,
      },
      post_processor: null,
      decoder: null,
      added_tokens: addedTokens(vocabulary),
    }, {});
    fillVocabulary(tokenizer, pieces, vocabulary.merges);
    return tokenizer;
  },

  bytes: bytesOf,
};

/** Drops bytes before merging, so that the characters around them can merge. */
function withoutBytes(bytes: string[]): Record<string, unknown>[] {
  if (bytes.length === 0) return [];
  const escaped = bytes.map((byte) =>
    `\\u${byte.charCodeAt(0).toString(16).padStart(4, "0")}`
  );
  const pattern = { Regex: `[${escaped.join("")}]` };
  return [{ type: "Replace", pattern, content: "" }];
}

function alphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = byte > 0x20 && byte < 0x7f ||
      byte > 0xa0 && byte !== 0xad;
    return String.fromCharCode(printable ? byte : next++);
  });
}
