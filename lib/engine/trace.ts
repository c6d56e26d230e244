/**
 * What a traced request reports besides its answer: the cached part of its prompt, and
 * each pass. Types only, so that every room may import them.
 *
 * @module
 */

import type { AcceptedGuess } from "../bita/draft/feedback.ts";

/** A part of a prompt, in the trace of a request. */
export interface PromptPart {
  /** As the model reads it, control tokens included. */
  text: string;
  tokens: number;
  /** Whether its keys and values were known. */
  cached: boolean;
}

/** A decoding pass, in the trace of a request. */
export interface PassTrace {
  /** Milliseconds that it took. */
  ms: number;
  /** Rows that it computed. */
  rows: number;
  /** Tokens that it tried. */
  drafted: number;
  /** What it added, token by token. */
  tokens: TokenTrace[];
}

/** One token of a pass. */
export interface TokenTrace {
  /** Text that became certain with it, perhaps none yet. */
  text: string;
  /** The guess that it was; `null` if it was not guessed. */
  guess: AcceptedGuess | null;
}
