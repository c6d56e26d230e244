/**
 * Writes the text: chooses the next token from a row of logits, and decides where the
 * text ends.
 *
 * @module
 */

import { scoreToken, type TokenScore } from "../choose/logprobs.ts";
import type { DecodeOptions, DecodeOutput, Finish } from "./output.ts";
import type { ModelShape } from "./model.ts";
import { type Constraint, idsIn } from "../choose/constraint.ts";
import {
  chooseToken,
  type Sampling,
  Scratch,
  takesLargest,
} from "../choose/sampling.ts";

/** Grows a prompt by one token at a time. */
export class Writer {
  readonly #sampling: Sampling;
  /** As above, but no end token is chosen. */
  readonly #endless: Sampling;
  /** Length of the text before which it does not end. */
  readonly #minLength: number;
  readonly #endTokens: ReadonlySet<number>;
  readonly #constraint: Constraint | undefined;
  readonly #scratch: Scratch;
  readonly #logprobs: number | undefined;
  #scores: TokenScore[] = [];
  readonly #seen: Set<number>;
  readonly #counts = new Map<number, number>();
  #length: number;
  #budget: number;
  #last: number;
  #finish: Finish | undefined;

  /**
   * Starts after `prompt`.
   *
   * @throws {RangeError} if the prompt is empty or exceeds the context.
   */
  constructor(
    model: ModelShape,
    prompt: Int32Array,
    { sampling, maxTokens, minTokens = 0, endTokens, constraint, logprobs }:
      Pick<
        DecodeOptions,
        | "sampling"
        | "maxTokens"
        | "minTokens"
        | "endTokens"
        | "constraint"
        | "logprobs"
      >,
  ) {
    if (prompt.length < 1 || prompt.length > model.context) {
      throw new RangeError(
        `Cannot decode: a prompt of 1 to ${model.context} tokens is required: received ${prompt.length}`,
      );
    }
    this.#sampling = sampling;
    this.#seen = new Set(prompt);
    this.#endless = minTokens > 0 ? without(endTokens, sampling) : sampling;
    this.#minLength = prompt.length + minTokens;
    this.#endTokens = endTokens;
    this.#constraint = constraint;
    this.#scratch = new Scratch(model.vocab);
    this.#logprobs = logprobs;
    this.#length = prompt.length;
    this.#budget = Math.min(maxTokens, model.context - prompt.length);
    this.#last = prompt[prompt.length - 1];
    if (this.#budget <= 0) this.#finish = "length";
  }

  /** Whether nothing but the largest logit of a row decides on the next token. */
  get needsBest(): boolean {
    return takesLargest(this.#endless) && this.#constraint === undefined &&
      this.#logprobs === undefined;
  }

  /** The last token of the text. */
  get last(): number {
    return this.#last;
  }

  /** Tokens that the text may still grow by. */
  get budget(): number {
    return this.#budget;
  }

  /** Why the text has ended; `undefined` while it has not. */
  get finish(): Finish | undefined {
    return this.#finish;
  }

  /** Adds the token that follows from `logits`; returns none if the text ends. */
  next(logits: Float32Array): number | undefined {
    if (this.#finish) return undefined;
    const token = this.peek(logits);
    if (this.#logprobs !== undefined) {
      this.#scores.push(scoreToken(logits, token, this.#logprobs));
    }
    if (this.#endTokens.has(token)) {
      this.#finish = "stop";
      return undefined;
    }
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    this.#seen.add(token);
    this.#last = token;
    this.#length++;
    this.#budget--;
    this.#constraint?.commit(token);
    if (this.#constraint?.isComplete) this.#finish = "stop";
    else if (this.#budget === 0) this.#finish = "length";
    return token;
  }

  /** Returns the scores of the tokens since the last call, if they are scored. */
  takeScores(): Pick<DecodeOutput, "scores"> {
    if (this.#logprobs === undefined) return {};
    const scores = this.#scores;
    this.#scores = [];
    return { scores };
  }

  /** Returns the token that would follow from `logits`, and adds nothing. */
  peek(logits: Float32Array): number {
    const forced = this.#constraint?.forced()[0];
    if (forced !== undefined) return forced;
    const mask = this.#constraint?.mask();
    const mayEnd = this.#length >= this.#minLength ||
      (mask !== undefined && this.#mustEnd(mask));
    return chooseToken(logits, mayEnd ? this.#sampling : this.#endless, {
      position: this.#length,
      counts: this.#counts,
      seen: this.#seen,
      mask,
      scratch: this.#scratch,
    });
  }

  /** Returns whether a mask has no token that goes on. */
  #mustEnd(mask: Uint32Array): boolean {
    return idsIn(mask).every((id) => this.#endTokens.has(id));
  }
}

/** Forbids tokens. */
function without(tokens: ReadonlySet<number>, sampling: Sampling): Sampling {
  const banned = [...tokens].map((id): [number, number] => [id, -Infinity]);
  return {
    ...sampling,
    logitBias: new Map([...sampling.logitBias, ...banned]),
  };
}
