/**
 * The tokens of a vocabulary: their bytes and spellings, and which of them control. A
 * thread that encodes no text needs no more, and saves the memory of a tokenizer.
 *
 * @module
 */

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

/** The tokens of one model. */
export class TokenTable {
  /** Ids of the tokens that end an answer. */
  readonly endTokens: ReadonlySet<number>;
  /** Where the tokens are from. */
  protected readonly vocabulary: Vocabulary;
  /** How its kind of vocabulary works. */
  protected readonly scheme: Scheme;
  /** Ids of control tokens by their spelling. */
  protected readonly controls: Map<string, number>;
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
    this.vocabulary = vocabulary;
    this.scheme = scheme;
    this.controls = new Map(
      entriesOf(vocabulary, TOKEN_TYPE.control)
        .filter(([text]) => [...text].length > 1), // A guard can't break up one character.
    );
    this.endTokens = new Set(
      [
        vocabulary.eosToken,
        ...END_OF_TURN.map((text) => this.controls.get(text)),
      ].filter((id) => id !== undefined),
    );
  }

  /** Number of tokens in the vocabulary. */
  get size(): number {
    return this.vocabulary.tokens.length;
  }

  /**
   * Returns the bytes of a token, which may end inside a character. A control token has
   * none.
   *
   * @throws {RangeError} if the id is not in the vocabulary.
   */
  bytes(id: number): Uint8Array {
    const { tokens, types } = this.vocabulary;
    if (tokens[id] === undefined) {
      throw new RangeError(
        `Cannot read a token: its id must be below ${tokens.length}: received ${id}`,
      );
    }
    if (types[id] === TOKEN_TYPE.normal || types[id] === TOKEN_TYPE.byte) {
      return this.scheme.bytes(tokens[id]);
    }
    if (types[id] === TOKEN_TYPE.userDefined) {
      return this.#utf8.encode(tokens[id]);
    }
    return new Uint8Array();
  }

  /** Returns a token's spelling in the vocabulary, such as `<|im_end|>`. */
  spelling(id: number): string {
    return this.vocabulary.tokens[id];
  }

  /** Returns the id of the control token with a spelling, if there is one. */
  controlId(spelling: string): number | undefined {
    return this.controls.get(spelling);
  }

  /** Returns whether an id is a control token's. */
  isControl(id: number): boolean {
    return this.vocabulary.types[id] === TOKEN_TYPE.control;
  }
}
