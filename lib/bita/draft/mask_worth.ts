/**
 * The worth of masks: the tokens that a pass gains over plain decoding if a number of
 * masks have drafted for it, less the price of its guesses.
 *
 * The worth is learned. Other drafters often guess the same token, and then a mask adds
 * less than its chance of acceptance.
 *
 * @module
 */

import type { Calibration } from "./calibration.ts";

/** Passes over which the worth is averaged. */
const MEMORY = 100;

/** Part of the accepted guesses that no other drafter makes, as a first estimate. */
const GAINED = 0.3;

/** Number of passes that the first estimate counts as. */
const WEIGHT = 4;

/** One of this number of passes tries a mask that does not seem to pay. */
const TRIAL = 64;

/** Net tokens of a pass, by the number of masks that drafted for it. */
export class MaskWorth {
  readonly #net: number[] = [];
  readonly #passes: number[] = [];
  #planned = 0;
  /** The most masks that it knows the worth of. */
  readonly masks: number;

  /** Starts from an estimate by the calibration. */
  constructor(masks: number, calibration: Calibration) {
    this.masks = masks;
    let chance = 1, net = 0;
    for (let count = 0; count <= masks; count++) {
      this.#net.push(net);
      this.#passes.push(WEIGHT);
      chance *= calibration.best(count);
      net += GAINED * chance;
    }
  }

  /** Returns the tokens that one more mask than `count` adds, at least 0. */
  gain(count: number): number {
    return Math.max(0, this.#net[count + 1] - this.#net[count]);
  }

  /** Returns whether this pass tries a mask that does not seem to pay. */
  tries(): boolean {
    return ++this.#planned % TRIAL === 0;
  }

  /** Learns from the net tokens of a pass for which `count` masks drafted. */
  learn(count: number, net: number): void {
    const passes = this.#passes[count] = Math.min(
      MEMORY,
      this.#passes[count] + 1,
    );
    this.#net[count] += (net - this.#net[count]) / passes;
  }
}
