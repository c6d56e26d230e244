/**
 * What each sequence has in a pass, so that the others can price their rows by it.
 *
 * @module
 */

import type { Sequence, Step } from "../bita/decode/model.ts";
import { ALONE, type Beside } from "../bita/cost/pass_price.ts";

/** What a sequence has in a pass. */
interface Share {
  /** Slot where its next rows begin, as far as it is known. */
  start: number;
  rows: number;
  read: number;
  /** Tokens that it gains in a pass, on average. */
  tokens: number;
}

/** How fast the tokens that a sequence gains follow what is seen. */
const RATE = 0.5;

/** Rows of a prompt that a few passes compute. */
const SOON = 64;

/** Returns whether a step is a part of a prompt, which may be cut. */
export function isPrompt({ read }: Step): boolean {
  return read.length === 0;
}

/** Remembers the last pass. */
export class PassShares {
  #last = new Map<Sequence, Share>();

  /** Notes the steps of a pass. */
  note(steps: readonly Step[]): void {
    this.#last = new Map(
      steps.map((step) => [step.sequence, this.#share(step)]),
    );
  }

  /**
   * Returns what others than `sequence` will have in the next pass: what they have
   * ready, or what they had in the last one. A prompt counts as the sequence that soon
   * decodes, and not at all as long as more than {@linkcode SOON} of its rows wait.
   */
  beside(sequence: Sequence, ready: readonly Step[]): Beside {
    const shares = new Map(this.#last);
    for (const step of ready) {
      const isLong = isPrompt(step) && step.tokens.length > SOON;
      if (isLong) shares.delete(step.sequence);
      else shares.set(step.sequence, this.#share(step));
    }
    shares.delete(sequence);
    const beside = { ...ALONE };
    for (const { rows, read, tokens } of shares.values()) {
      beside.sequences++;
      beside.rows += rows;
      beside.read += read;
      beside.tokens += tokens;
    }
    return beside;
  }

  /** Sums up a step; after a prompt, a sequence is expected to decode plainly. */
  #share(step: Step): Share {
    const { sequence, start, tokens: { length: rows }, read } = step;
    if (isPrompt(step)) {
      return { start: start + rows, rows: 1, read: 1, tokens: 1 };
    }
    const before = this.#last.get(sequence);
    const gained = before && before.start < start ? start - before.start : 1;
    const known = before?.tokens ?? 1;
    const tokens = known + RATE * (gained - known);
    return { start, rows, read: read.length, tokens };
  }
}
