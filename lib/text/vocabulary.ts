/**
 * What a model file says about its text: tokens, merges and chat template, as
 * the tokenizer and the template need them.
 *
 * @module
 */

/** Kinds of tokens, numbered as in `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = {
  /** An ordinary piece, spelled in the byte-level alphabet. */
  normal: 1,
  /** A mark of the model's own format, never part of a text. */
  control: 3,
  /** A literal text that is always one token. */
  userDefined: 4,
} as const;

/** The vocabulary of one model. */
export interface Vocabulary {
  /** `tokenizer.ggml.model`: `"gpt2"` is byte-level BPE. */
  model: string;
  /** `tokenizer.ggml.pre`: names how text is cut before merging. */
  pre: string;
  /** Spelling of each token, by id. */
  tokens: string[];
  /** `tokenizer.ggml.token_type` of each token, by id. */
  types: number[];
  /** Pairs of spellings with a space between, the first to merge first. */
  merges: string[];
  bosToken?: number;
  eosToken?: number;
  /** Whether every text begins with `bosToken`. */
  addBosToken: boolean;
  /** Jinja source that turns messages into the text of a prompt. */
  chatTemplate?: string;
}
