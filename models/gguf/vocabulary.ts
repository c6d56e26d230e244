/**
 * Reads a tokenizer's data out of a GGUF file's metadata.
 *
 * @module
 */

import {
  field,
  FLAG,
  INDEX,
  type Metadata,
  NUMBERS,
  optionalField,
  TEXT,
  TEXTS,
} from "./field.ts";

/** Types of tokens, numbered as in `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = {
  /** An ordinary piece of text. */
  normal: 1,
  /** What stands for text without a piece. */
  unknown: 2,
  /** Part of the model's own format, never of a text. */
  control: 3,
  /** A string that is always one token. */
  userDefined: 4,
  /** A byte, for text without a piece. */
  byte: 6,
} as const;

/** Tokens that mark turns of a chat, whatever type a file states for them. */
const MARKS = [
  "<|im_start|>",
  "<|im_end|>",
  "<|endoftext|>",
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<start_of_turn>",
  "<end_of_turn>",
];

/** Values of a chat template that mean ChatML, the default. */
const NO_TEMPLATE = ["", "chatml"];

/** A model's vocabulary, and how it splits text and adds special tokens. */
export interface Vocabulary {
  /** Type of tokenizer: `"gpt2"` is byte-level BPE, `"llama"` SentencePiece. */
  model: string;
  /** Name of the pre-tokenizer, which splits text before merging. */
  pre: string;
  /** Tokens by id, in the tokenizer's own alphabet. */
  tokens: string[];
  /** Token types by id: {@linkcode TOKEN_TYPE} or another of llama.cpp's numbers. */
  types: number[];
  /** Pairs to merge, best first, each with a space between its parts. */
  merges: string[];
  /** Scores by id, of SentencePiece: the best merges first. */
  scores?: number[];
  /** Whether SentencePiece puts a space before each text, if the file says so or not. */
  addSpacePrefix?: boolean;
  /** Id of the token that begins a text. */
  bosToken?: number;
  /** Id of the token that ends a text. */
  eosToken?: number;
  /** Whether texts begin with the start token, if the file says so or not. */
  addBosToken?: boolean;
  /** Whether texts to embed end with the end token. */
  addEosToken?: boolean;
  /** A Jinja template that turns messages into text. */
  chatTemplate?: string;
}

/**
 * Reads the vocabulary out of a GGUF file's metadata.
 *
 * @throws {TypeError} if a field is missing or has the wrong type.
 * @throws {RangeError} if ids or lengths contradict each other.
 */
export function ggufVocabulary(metadata: Metadata): Vocabulary {
  const tokens = field(metadata, "tokenizer.ggml.tokens", TEXTS);
  const types = optionalField(metadata, "tokenizer.ggml.token_type", NUMBERS) ??
    tokens.map(() => TOKEN_TYPE.normal);
  if (types.length !== tokens.length) {
    throw new RangeError(
      `Cannot load the model: tokenizer.ggml.token_type must have ${tokens.length} items: received ${types.length}`,
    );
  }
  const vocabulary: Vocabulary = {
    model: field(metadata, "tokenizer.ggml.model", TEXT),
    pre: optionalField(metadata, "tokenizer.ggml.pre", TEXT) ?? "default",
    tokens,
    types: types.map((type, id) =>
      MARKS.includes(tokens[id]) ? TOKEN_TYPE.control : type
    ),
    merges: optionalField(metadata, "tokenizer.ggml.merges", TEXTS) ?? [],
  };
  const addBosToken = optionalField(
    metadata,
    "tokenizer.ggml.add_bos_token",
    FLAG,
  );
  const addEosToken = optionalField(
    metadata,
    "tokenizer.ggml.add_eos_token",
    FLAG,
  );
  const scores = optionalField(metadata, "tokenizer.ggml.scores", NUMBERS);
  const addSpacePrefix = optionalField(
    metadata,
    "tokenizer.ggml.add_space_prefix",
    FLAG,
  );
  const bosToken = tokenId(metadata, "tokenizer.ggml.bos_token_id", tokens);
  const eosToken = tokenId(metadata, "tokenizer.ggml.eos_token_id", tokens);
  const chatTemplate = optionalField(
    metadata,
    "tokenizer.chat_template",
    TEXT,
  );
  if (scores !== undefined) vocabulary.scores = scores;
  if (addSpacePrefix !== undefined) vocabulary.addSpacePrefix = addSpacePrefix;
  if (addBosToken !== undefined) vocabulary.addBosToken = addBosToken;
  if (addEosToken !== undefined) vocabulary.addEosToken = addEosToken;
  if (bosToken !== undefined) vocabulary.bosToken = bosToken;
  if (eosToken !== undefined) vocabulary.eosToken = eosToken;
  if (
    chatTemplate !== undefined && !NO_TEMPLATE.includes(chatTemplate.trim())
  ) {
    vocabulary.chatTemplate = chatTemplate;
  }
  return vocabulary;
}

/**
 * Checks that each merge makes a token: what it made otherwise would be missing in the
 * prompt. It takes long for a start, so it is done once a file.
 *
 * @throws {RangeError} if one does not.
 */
export function checkMerges({ tokens, merges }: Vocabulary): void {
  const known = new Set(tokens);
  const wrong = merges.find((merge) => !known.has(merge.replace(" ", "")));
  if (wrong === undefined) return;
  throw new RangeError(
    `Cannot load the model: all of tokenizer.ggml.merges must make tokens: received ${
      JSON.stringify(wrong)
    }`,
  );
}

function tokenId(
  metadata: Metadata,
  key: string,
  tokens: string[],
): number | undefined {
  const id = optionalField(metadata, key, INDEX);
  if (id === undefined || id < tokens.length) return id;
  throw new RangeError(
    `Cannot load the model: ${key} must be below ${tokens.length}: received ${id}`,
  );
}
