/**
 * Memory for outputs that are computed in place. It is taken again after use, since
 * fresh memory costs a page fault for every 4 KiB.
 *
 * @module
 */

/** Arrays of one size that are kept for later. */
const MOST_IDLE = 3;

/** Lends arrays. */
export class Memory {
  readonly #idle = new Map<number, Float32Array<ArrayBuffer>[]>();

  /** Returns an array of at least `size` numbers; they may be any. */
  take(size: number): Float32Array<ArrayBuffer> {
    const length = 2 ** Math.ceil(Math.log2(size));
    return this.#idle.get(length)?.pop() ?? new Float32Array(length);
  }

  /** Takes back an array that is no longer read. */
  giveBack(array: Float32Array<ArrayBuffer>): void {
    const idle = this.#idle.get(array.length) ?? [];
    this.#idle.set(array.length, idle);
    if (idle.length < MOST_IDLE) idle.push(array);
  }
}
