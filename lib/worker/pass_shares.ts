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
  /** All of them together. */
  #sum = { ...ALONE };

  /** Notes the steps of a pass. */
  note(steps: readonly Step[]): void {
    this.#last = new Map(steps.map((step) => [step.sequence, shareOf(step)]));
    this.#sum = { ...ALONE };
    for (const share of this.#last.values()) count(this.#sum, share, 1);
  }

  /**
   * Returns what others than `sequence` will have in the next pass: what they have
   * ready, or what they had in the last one. A prompt counts as the sequence that soon
   * decodes, and not at all as long as more than {@linkcode SOON} of its rows wait.
   */
  beside(sequence: Sequence, ready: readonly Step[]): Beside {
    const beside = { ...this.#sum };
    const replace = (sequence: Sequence, share: Share | undefined) => {
      count(beside, this.#last.get(sequence), -1);
      count(beside, share, 1);
    };
    replace(sequence, undefined);
    for (const step of ready) {
      if (step.sequence === sequence) continue;
      const isLong = isPrompt(step) && step.tokens.length > SOON;
      replace(step.sequence, isLong ? undefined : shareOf(step));
    }
    return beside;
  }
}

/** Adds a sequence's share to a sum, or takes it away; there may be none. */
function count(sum: Beside, share: Share | undefined, sign: 1 | -1): void {
  if (share === undefined) return;
  sum.sequences += sign;
  sum.rows += sign * share.rows;
  sum.read += sign * share.read;
}

function shareOf(step: Step): Share {
  if (isPrompt(step)) return PLAIN;
  return { rows: step.tokens.length, read: step.read.length };
}
