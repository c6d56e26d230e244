/**
 * Encodes text as token ids and decodes them, with the vocabulary of a model.
 *
 * The vocabulary for merging has no control tokens, so plain text can never become
 * one.
 *
 * @module
 */

import type { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import type { Vocabulary } from "../../models/gguf/vocabulary.ts";
import { TokenTable } from "./token_table.ts";

/** Options of {@linkcode Tokenizer.encodeWithControls}. */
export interface ControlOptions {
  /** A global expression. Its matches break up control tokens and are then dropped. */
  guard?: RegExp;
}

/** The tokenizer of one model. */
export class Tokenizer extends TokenTable {
  readonly #bpe: HuggingFaceTokenizer;
  readonly #anyControl: RegExp;

  /** @throws {TypeError} if the vocabulary is not of a known kind. */
  constructor(vocabulary: Vocabulary) {
    super(vocabulary);
    this.#bpe = this.scheme.tokenizer(vocabulary);
    this.#anyControl = anyOf([...this.controls.keys()]);
  }

  /** The token that every text begins with, if the model wants one. */
  get startToken(): number | undefined {
    const { bosToken, addBosToken } = this.vocabulary;
    const starts = addBosToken ??
      this.scheme.startsWithToken(this.vocabulary);
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
    const { addEosToken, eosToken } = this.vocabulary;
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
      this.controls.get(cut) ?? this.#pieces(cut.replace(guard, ""))
    );
    return Int32Array.from(ids.flat());
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
