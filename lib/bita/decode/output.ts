/**
 * The options and the outputs of decoding, plain or with drafts.
 *
 * @module
 */

import type { Constraint } from "../choose/constraint.ts";
import type { Sampling } from "../choose/sampling.ts";
import type { TokenScore } from "../choose/logprobs.ts";
import type { AcceptedGuess } from "../draft/feedback.ts";

/** Why a text ended: an end token, or no more room. */
export type Finish = "stop" | "length";

/** How to continue a prompt. */
export interface DecodeOptions {
  /** The tokens to continue. */
  prompt: Int32Array;
  /** How each token is chosen. */
  sampling: Sampling;
  /** The most tokens to generate; the context may end the text before. */
  maxTokens: number;
  /** Tokens before which no end token is chosen. @default 0 */
  minTokens?: number | undefined;
  /** Tokens that end the text and are not part of it. */
  endTokens: ReadonlySet<number>;
  /** What the text must look like, at its start; anything unless given. */
  constraint?: Constraint | undefined;
  /** Stops decoding before the next pass, with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * How many of the most likely tokens are listed in the place of each token; without
   * it, tokens are not scored.
   */
  logprobs?: number | undefined;
  /** Whether the prompt's tokens are scored, too. @default false */
  scorePrompt?: boolean | undefined;
  /** Whether outputs list their accepted guesses. @default false */
  trace?: boolean | undefined;
}

/** What one pass has added; the first output has no tokens and ends the prefill. */
export interface DecodeOutput {
  /** Final tokens, in order, without the end token. */
  tokens: number[];
  /** Rows of the pass. */
  rows: number;
  /** Tokens that it tried. */
  drafted: number;
  /** Tried tokens that became final. */
  accepted: number;
  /** The first tokens as guesses, one for each accepted, if a trace was asked for. */
  guesses?: AcceptedGuess[];
  /**
   * Scores of the tokens and of the end token, or on the first output of the prompt's
   * tokens but the first, if they were asked for.
   */
  scores?: TokenScore[];
  /** Tokens of the prompt that the prefix cache held; on the first output alone. */
  cached?: number;
  /** Tokens of the request's prediction that the text has come to so far. */
  predicted?: number;
  /** `[dim]` the text as one vector, of length 1, if that was asked for. */
  embedding?: Float32Array;
  /** Log probabilities of the next prompt's answers, where answers are scored. */
  answers?: number[];
  /** Set on the last output alone. */
  finish?: Finish | undefined;
}

/** Returns an output without a pass: the end of the prefill, or of an empty text. */
export function emptyOutput(finish?: Finish): DecodeOutput {
  return { tokens: [], rows: 0, drafted: 0, accepted: 0, finish };
}
