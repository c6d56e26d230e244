/**
 * What each sequence has in a pass, so that the others can price their rows by it: how
 * much, and not how many of its guesses were right, which would show in others' drafts.
 *
 * @module
 */

import type { Sequence, Step } from "../bita/decode/model.ts";
import { ALONE, type Beside } from "../bita/cost/pass_price.ts";

/** What a sequence has in a pass. */
type Share = Pick<Beside, "rows" | "read">;

/** After a prompt, a sequence is expected to decode plainly. */
const PLAIN: Share = { rows: 1, read: 1 };

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
    this.#last = new Map(steps.map((step) => [step.sequence, shareOf(step)]));
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
      else shares.set(step.sequence, shareOf(step));
    }
    shares.delete(sequence);
    const beside = { ...ALONE };
    for (const { rows, read } of shares.values()) {
      beside.sequences++;
      beside.rows += rows;
      beside.read += read;
    }
    return beside;
  }
}

function shareOf(step: Step): Share {
  if (isPrompt(step)) return PLAIN;
  return { rows: step.tokens.length, read: step.read.length };
}
