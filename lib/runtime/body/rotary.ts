/**
 * Rotary position embedding's angles (RoFormer, arXiv 2104.09864).
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Rotary } from "../../../models/architectures/rotary.ts";

/** Writes the cosines and sines of `position`, `[headDim / 2]` each. */
export function rotaryRow(
  position: number,
  { frequencies, magnitude }: Rotary,
  { cos, sin }: { cos: Float32Array; sin: Float32Array },
): void {
  for (const [i, frequency] of frequencies.entries()) {
    const angle = position * frequency;
    const size = frequency === 0 ? 1 : magnitude;
    cos[i] = size * Math.cos(angle);
    sin[i] = size * Math.sin(angle);
  }
}

/** Factor by which the room for slots grows. */
const GROWTH = 1.5;

/** The angles of a sequence's slots; those before a step are never read again. */
export class SlotAngles {
  readonly #rotary: Rotary;
  #cos = new Float32Array(0);
  #sin = new Float32Array(0);

  constructor(rotary: Rotary) {
    this.#rotary = rotary;
  }

  /**
   * Returns the angles of `total` slots, `[total, headDim / 2]` each, with those of
   * `positions` from slot `start` on.
   */
  at(
    { start, positions, total }: {
      start: number;
      positions: Int32Array;
      total: number;
    },
  ): { cos: Tensor; sin: Tensor } {
    const half = this.#rotary.frequencies.length;
    if (this.#cos.length < total * half) {
      const size = Math.ceil(GROWTH * total) * half;
      this.#cos = new Float32Array(size);
      this.#sin = new Float32Array(size);
    }
    const rows = (all: Float32Array<ArrayBuffer>, from: number, to: number) =>
      all.subarray(from * half, to * half);
    for (const [row, position] of positions.entries()) {
      const slot = start + row;
      rotaryRow(position, this.#rotary, {
        cos: rows(this.#cos, slot, slot + 1),
        sin: rows(this.#sin, slot, slot + 1),
      });
    }
    const tensor = (all: Float32Array<ArrayBuffer>) =>
      new Tensor("float32", rows(all, 0, total), [total, half]);
    return { cos: tensor(this.#cos), sin: tensor(this.#sin) };
  }
}
