/**
 * What masks are worth: the tokens that a pass gains over plain decoding when so many
 * masks have drafted for it, after paying for the rows of its guesses.
 *
 * It is learned, since other drafters often guess the same token, and then a mask adds
 * less than its chance to be accepted.
 *
 * @module
 */

import type { Calibration } from "./calibration.ts";

/** Passes over which the worth is averaged. */
const MEMORY = 100;

/** The part of accepted guesses that is gained, since others guess the same token. */
const GAINED = 0.3;

/** Passes that the estimate at the start counts as. */
const WEIGHT = 4;

/** One pass in so many tries a mask that does not seem to pay. */
const TRIAL = 64;

/** Net tokens a pass, by the number of masks that drafted for it. */
export class MaskWorth {
  readonly #net: number[] = [];
  readonly #passes: number[] = [];
  #planned = 0;

  /** Expects at first that a part of the accepted guesses is gained. */
  constructor(masks: number, calibration: Calibration) {
    let chain = 1, net = 0;
    for (let count = 0; count <= masks; count++) {
      this.#net.push(net);
      this.#passes.push(WEIGHT);
      chain *= calibration.best(count);
      net += GAINED * chain;
    }
  }

  /** Returns what one mask more than `count` adds, from 0. */
  gain(count: number): number {
    return Math.max(0, this.#net[count + 1] - this.#net[count]);
  }

  /** Returns whether this pass tries what does not seem to pay. */
  tries(): boolean {
    return ++this.#planned % TRIAL === 0;
  }

  /** Notes the net tokens of a pass for which `count` masks drafted. */
  learn(count: number, net: number): void {
    const passes = this.#passes[count] = Math.min(
      MEMORY,
      this.#passes[count] + 1,
    );
    this.#net[count] += (net - this.#net[count]) / passes;
  }
}
