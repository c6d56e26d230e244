/**
 * What masks are worth: the tokens that a pass gains over plain decoding when so many
 * masks have drafted for it, after paying for the rows of its guesses.
 *
 * It is learned, since other sources often guess the same token, and then a mask adds
 * less than its chance to be right.
 *
 * @module
 */

import type { Calibration } from "./calibration.ts";

/** Passes over which the worth is averaged. */
const MEMORY = 100;

/** The part of right guesses that is gained, since others guess the same token. */
const GAINED = 0.3;

/** Passes that the belief at the start counts as. */
const BELIEF = 4;

/** One pass in so many tries a mask that does not seem to pay. */
const TRIAL = 64;

/** Net tokens a pass, by the number of masks that drafted for it. */
export class MaskWorth {
  readonly #net: number[] = [];
  readonly #passes: number[] = [];
  #planned = 0;

  /** Believes at first that a part of the right guesses is gained. */
  constructor(masks: number, calibration: Calibration) {
    let chain = 1, net = 0;
    for (let count = 0; count <= masks; count++) {
      this.#net.push(net);
      this.#passes.push(BELIEF);
      chain *= calibration.best(count);
      net += GAINED * chain;
    }
  }

  /** Tells what one mask more than `count` adds; where rows are free, any may. */
  gain(count: number): number {
    return Math.max(0, this.#net[count + 1] - this.#net[count]);
  }

  /** Tells now and then to try what does not seem to pay. */
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
