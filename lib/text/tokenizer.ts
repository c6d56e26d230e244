/**
 * Encodes text as token ids and decodes them, with the vocabulary of a model.
 *
 * The vocabulary for merging has no control tokens, so plain text can never become
 * one.
 *
 * @module
 */

import type { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { TOKEN_TYPE, type Vocabulary } from "../../models/gguf/vocabulary.ts";
import { BYTE_LEVEL } from "./byte_level.ts";
import { entriesOf, type Scheme } from "./scheme.ts";
import { SENTENCE_PIECE } from "./sentence_piece.ts";

/** Kinds of vocabularies by their name in a model's file. */
const SCHEMES = new Map([["gpt2", BYTE_LEVEL], ["llama", SENTENCE_PIECE]]);

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
  readonly #scheme: Scheme;
  readonly #bpe: HuggingFaceTokenizer;
  readonly #controls: Map<string, number>;
  readonly #anyControl: RegExp;
  readonly #utf8 = new TextEncoder();

  /** @throws {TypeError} if the vocabulary is not of a known kind. */
  constructor(vocabulary: Vocabulary) {
    const scheme = SCHEMES.get(vocabulary.model);
    if (scheme === undefined) {
      const known = [...SCHEMES.keys()].join(" or ");
      throw new TypeError(
        `Cannot build a tokenizer: the model must be ${known}: received ${vocabulary.model}`,
      );
    }
    this.#vocabulary = vocabulary;
    this.#scheme = scheme;
    this.#bpe = scheme.tokenizer(vocabulary);
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

  /** The token that every text begins with, if the model wants one. */
  get startToken(): number | undefined {
    const { bosToken, addBosToken } = this.#vocabulary;
    const starts = addBosToken ??
      this.#scheme.startsWithToken(this.#vocabulary);
    return starts ? bosToken : undefined;
  }

  /** Encodes plain text. No id is a control token's, even if the text spells one. */
  encode(text: string): Int32Array {
    return Int32Array.from(this.#pieces(text));
  }

  /**
   * Encodes a text to continue, in which control tokens may be spelled out. It begins
   * with the model's start token, if the model wants one.
   */
  encodePrompt(text: string): Int32Array {
    const start = this.startToken;
    const ids = this.encodeWithControls(text);
    if (start === undefined || ids[0] === start) return ids;
    return Int32Array.from([start, ...ids]);
  }

  /** Encodes a text to embed: a prompt, and the end token if the model wants one. */
  encodeWhole(text: string): Int32Array {
    const { addEosToken, eosToken } = this.#vocabulary;
    const ids = this.encodePrompt(text);
    if (!addEosToken || eosToken === undefined || ids.at(-1) === eosToken) {
      return ids;
    }
    return Int32Array.from([...ids, eosToken]);
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
    if (types[id] === TOKEN_TYPE.normal || types[id] === TOKEN_TYPE.byte) {
      return this.#scheme.bytes(tokens[id]);
    }
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

/** Returns an expression that captures the longest of some literal texts. */
function anyOf(texts: string[]): RegExp {
  const longestFirst = texts.toSorted((a, b) => b.length - a.length);
  const literals = longestFirst.map((text) => RegExp.escape(text));
  return new RegExp(`(${literals.join("|") || "(?!)"})`, "u");
}
