/**
 * How keys and values lie in a KV buffer: one array `[kvHeads, slots, headDim]` a
 * layer for the keys, then as many for the values.
 *
 * @module
 */

import type { KvShape } from "./backend.ts";

/** The graph's names of the arrays, in their order. */
export function kvNames(layers: number): { past: string; present: string }[] {
  return ["key", "value"].flatMap((kind) =>
    Array.from({ length: layers }, (_, layer) => ({
      past: `past_${kind}.${layer}`,
      present: `present_${kind}.${layer}`,
    }))
  );
}

/** Dimensions of one array as a tensor. */
export function kvDims({ kvHeads, slots, headDim }: KvShape): number[] {
  return [1, kvHeads, slots, headDim];
}

/** Some slots in a row. */
export interface SlotRange {
  /** The first one. @default 0 */
  from?: number;
  count: number;
}

/** Gathers slots: `[arrays, kvHeads, count, headDim]`. */
export function readSlots(
  arrays: Float32Array[],
  { kvHeads, slots, headDim }: KvShape,
  { from = 0, count }: SlotRange,
): Float32Array<ArrayBuffer> {
  const run = count * headDim;
  const out = new Float32Array(arrays.length * kvHeads * run);
  let at = 0;
  for (const array of arrays) {
    for (let head = 0; head < kvHeads; head++, at += run) {
      const start = (head * slots + from) * headDim;
      out.set(array.subarray(start, start + run), at);
    }
  }
  return out;
}

/** Puts slots in the layout of {@linkcode readSlots} back. */
export function writeSlots(
  arrays: Float32Array[],
  { kvHeads, slots, headDim }: KvShape,
  { from = 0, count, data }: SlotRange & { data: Float32Array },
): void {
  const run = count * headDim;
  let at = 0;
  for (const array of arrays) {
    for (let head = 0; head < kvHeads; head++, at += run) {
      const start = (head * slots + from) * headDim;
      array.set(data.subarray(at, at + run), start);
    }
  }
}
