/**
 * Byte-level BPE, as in GPT-2: text becomes bytes, each a character of an alphabet, and
 * pairs of them merge. A byte that is not in the vocabulary is dropped, as in other
 * implementations.
 *
 * @module
 */

import { TOKEN_TYPE } from "../../models/gguf/vocabulary.ts";
import { BYTE_ALPHABET, bytesOf } from "./byte_alphabet.ts";
import { preTokenizer, startsWithToken } from "./pre_tokenizer.ts";
import { addedTokens, entriesOf, type Scheme } from "./scheme.ts";

/** The scheme of vocabularies of type `gpt2`. */
export const BYTE_LEVEL: Scheme = {
  startsWithToken: ({ pre }) => startsWithToken(pre),

  toJson(vocabulary) {
    const { cuts, compose, ignoreMerges } = preTokenizer(vocabulary.pre);
    const pieces = Object.fromEntries(entriesOf(vocabulary, TOKEN_TYPE.normal));
    return {
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
          ...withoutBytes(BYTE_ALPHABET.filter((byte) => !(byte in pieces))),
        ],
      },
      model: {
        type: "BPE",
        vocab: pieces,
        merges: vocabulary.merges,
        ignore_merges: ignoreMerges ?? false,
      },
      post_processor: null,
      decoder: null,
      added_tokens: addedTokens(vocabulary),
    };
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
