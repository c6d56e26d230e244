/**
 * A toy vocabulary. The ids of the bytes are their values, and further tokens follow.
 *
 * @module
 */

import { BYTE_ALPHABET } from "../../lib/text/byte_level.ts";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** Tokens of a toy vocabulary after its bytes. Their ids start at 256, in this order. */
export interface ToyOptions {
  merges?: string[];
  controls?: string[];
  userDefined?: string[];
  chatTemplate?: string;
}

/** Returns a vocabulary of the 256 bytes and some further tokens. */
export function toyVocabulary(options: ToyOptions = {}): Vocabulary {
  const { merges = [], controls = [], userDefined = [] } = options;
  const merged = merges.map((merge) => merge.replace(" ", ""));
  return {
    model: "gpt2",
    pre: "gpt-2",
    tokens: [...BYTE_ALPHABET, ...merged, ...controls, ...userDefined],
    types: [
      ...[...BYTE_ALPHABET, ...merged].map(() => TOKEN_TYPE.normal),
      ...controls.map(() => TOKEN_TYPE.control),
      ...userDefined.map(() => TOKEN_TYPE.userDefined),
    ],
    merges,
    addBosToken: false,
    ...(options.chatTemplate === undefined
      ? {}
      : { chatTemplate: options.chatTemplate }),
  };
}
