/**
 * Encodes text as token ids and decodes them, by byte-level BPE with the vocabulary of
 * a model.
 *
 * The vocabulary for merging has no control tokens, so plain text can never become
 * one. A byte that is not in the vocabulary is dropped, as in other implementations.
 *
 * @module
 */

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { BYTE_ALPHABET, bytesOf } from "./byte_alphabet.ts";
import { preTokenizer, startsWithToken } from "./pre_tokenizer.ts";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";

/** Control tokens that end an answer in common chat formats. */
const END_OF_TURN = [
  "<|im_end|>",
  "<|endoftext|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end_of_text|>",
  "<|end|>",
  "<end_of_turn>",
  "</s>",
];

/** Options of {@linkcode Tokenizer.encodeWithControls}. */
export interface ControlOptions {
  /** A global expression. Its matches break up control tokens and are then dropped. */
  guard?: RegExp;
}

/** The tokenizer of one model. */
export class Tokenizer {
  /** Ids of the tokens that end an answer. */
  readonly endTokens: ReadonlySet<number>;

  readonly #vocabulary: Vocabulary;
  readonly #bpe: HuggingFaceTokenizer;
  readonly #controls: Map<string, number>;
  readonly #anyControl: RegExp;
  readonly #utf8 = new TextEncoder();

  /** @throws {TypeError} if the vocabulary is not byte-level BPE of a known kind. */
  constructor(vocabulary: Vocabulary) {
    if (vocabulary.model !== "gpt2") {
      throw new TypeError(
        `Cannot build a tokenizer: the model must be gpt2: received ${vocabulary.model}`,
      );
    }
    this.#vocabulary = vocabulary;
    this.#bpe = new HuggingFaceTokenizer(tokenizerJson(vocabulary), {});
    this.#controls = new Map(
      entriesOf(vocabulary, TOKEN_TYPE.control)
        .filter(([text]) => [...text].length > 1), // A guard can't break up one character.
    );
    this.#anyControl = anyOf([...this.#controls.keys()]);
    this.endTokens = new Set(
      [
        vocabulary.eosToken,
        ...END_OF_TURN.map((text) => this.#controls.get(text)),
      ].filter((id) => id !== undefined),
    );
  }

  /** Number of tokens in the vocabulary. */
  get size(): number {
    return this.#vocabulary.tokens.length;
  }

  /** Encodes plain text. No id is a control token's, even if the text spells one. */
  encode(text: string): Int32Array {
    return Int32Array.from(this.#pieces(text));
  }

  /** Encodes a text to continue, with the model's start token if it wants one. */
  encodePrompt(text: string): Int32Array {
    const { bosToken, pre } = this.#vocabulary;
    const { addBosToken = startsWithToken(pre) } = this.#vocabulary;
    const start = addBosToken && bosToken !== undefined ? [bosToken] : [];
    return Int32Array.from([...start, ...this.#pieces(text)]);
  }

  /** Encodes text in which control tokens are spelled out. */
  encodeWithControls(text: string, options: ControlOptions = {}): Int32Array {
    const { guard = /(?!)/g } = options;
    const ids = text.split(this.#anyControl).map((cut) =>
      this.#controls.get(cut) ?? this.#pieces(cut.replace(guard, ""))
    );
    return Int32Array.from(ids.flat());
  }

  /**
   * Returns the bytes of a token, which may end inside a character. A control token has
   * none.
   *
   * @throws {RangeError} if the id is not in the vocabulary.
   */
  bytes(id: number): Uint8Array {
    const { tokens, types } = this.#vocabulary;
    if (tokens[id] === undefined) {
      throw new RangeError(
        `Cannot read a token: its id must be below ${tokens.length}: received ${id}`,
      );
    }
    if (types[id] === TOKEN_TYPE.normal) return bytesOf(tokens[id]);
    if (types[id] === TOKEN_TYPE.userDefined) {
      return this.#utf8.encode(tokens[id]);
    }
    return new Uint8Array();
  }

  /** Returns a token's spelling in the vocabulary, such as `<|im_end|>`. */
  spelling(id: number): string {
    return this.#vocabulary.tokens[id];
  }

  /** Returns the id of the control token with a spelling, if there is one. */
  controlId(spelling: string): number | undefined {
    return this.#controls.get(spelling);
  }

  /** Returns whether an id is a control token's. */
  isControl(id: number): boolean {
    return this.#vocabulary.types[id] === TOKEN_TYPE.control;
  }

  #pieces(text: string): number[] {
    return this.#bpe.encode(text, { add_special_tokens: false }).ids;
  }
}

/** Returns the vocabulary in the form of a `tokenizer.json`. */
function tokenizerJson(vocabulary: Vocabulary): Record<string, unknown> {
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
    added_tokens: entriesOf(vocabulary, TOKEN_TYPE.userDefined)
      .map(([content, id]) => ({ id, content, normalized: false })),
  };
}

/** Drops bytes before merging, so that the characters around them can merge. */
function withoutBytes(bytes: string[]): Record<string, unknown>[] {
  if (bytes.length === 0) return [];
  const escaped = bytes.map((byte) =>
    `\\u${byte.charCodeAt(0).toString(16).padStart(4, "0")}`
  );
  const pattern = { Regex: `[${escaped.join("")}]` };
  return [{ type: "Replace", pattern, content: "" }];
}

function entriesOf(vocabulary: Vocabulary, type: number): [string, number][] {
  return vocabulary.tokens
    .map((text, id): [string, number] => [text, id])
    .filter(([, id]) => vocabulary.types[id] === type);
}

/** Returns an expression that captures the longest of some literal texts. */
function anyOf(texts: string[]): RegExp {
  const longestFirst = texts.toSorted((a, b) => b.length - a.length);
  const literals = longestFirst.map((text) => RegExp.escape(text));
  return new RegExp(`(${literals.join("|") || "(?!)"})`, "u");
}
