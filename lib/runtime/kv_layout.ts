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

/** Gathers the first `count` slots: `[arrays, kvHeads, count, headDim]`. */
export function readSlots(
  arrays: Float32Array[],
  { kvHeads, slots, headDim }: KvShape,
  count: number,
): Float32Array {
  const run = count * headDim;
  const out = new Float32Array(arrays.length * kvHeads * run);
  let at = 0;
  for (const array of arrays) {
    for (let head = 0; head < kvHeads; head++, at += run) {
      const start = head * slots * headDim;
      out.set(array.subarray(start, start + run), at);
    }
  }
  return out;
}

/** Puts slots in the layout of {@linkcode readSlots} back. */
export function writeSlots(
  arrays: Float32Array[],
  { kvHeads, slots, headDim }: KvShape,
  { count, data }: { count: number; data: Float32Array },
): void {
  const run = count * headDim;
  let at = 0;
  for (const array of arrays) {
    for (let head = 0; head < kvHeads; head++, at += run) {
      array.set(data.subarray(at, at + run), head * slots * headDim);
    }
  }
}
