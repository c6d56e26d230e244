/**
 * How keys and values lie in a KV buffer: one array `[kvHeads, slots, headDim]` a
 * layer for the keys, then as many for the values.
 *
 * @module
 */

/** What the size of a slot follows from. */
export interface KvShape {
  layers: number;
  kvHeads: number;
  headDim: number;
}

/** Returns the bytes that keys and values of `slots` tokens take. */
export function kvBytes(
  { layers, kvHeads, headDim }: KvShape,
  slots: number,
): number {
  return 2 * layers * kvHeads * headDim * slots * 4;
}

/** Returns the graph's names of the arrays, in their order. */
export function kvNames(layers: number): { past: string; present: string }[] {
  return ["key", "value"].flatMap((kind) =>
    Array.from({ length: layers }, (_, layer) => ({
      past: `past_${kind}.${layer}`,
      present: `present_${kind}.${layer}`,
    }))
  );
}

/** Returns the dimensions of one array as a tensor. */
export function kvDims(
  { kvHeads, headDim }: Omit<KvShape, "layers">,
  slots: number,
): number[] {
  return [1, kvHeads, slots, headDim];
}

/** Arrays that all hold the same number of slots. */
export interface KvArrays {
  arrays: readonly Float32Array[];
  kvHeads: number;
  headDim: number;
}

/** Consecutive slots. */
export interface SlotRange {
  /** The first one. @default 0 */
  from?: number;
  count: number;
}

/** Gathers slots: `[arrays, kvHeads, count, headDim]`. */
export function readSlots(
  { arrays, kvHeads, headDim }: KvArrays,
  { from = 0, count }: SlotRange,
): Float32Array<ArrayBuffer> {
  const run = count * headDim;
  const out = new Float32Array(arrays.length * kvHeads * run);
  let at = 0;
  for (const array of arrays) {
    const stride = array.length / kvHeads;
    for (let head = 0; head < kvHeads; head++, at += run) {
      const start = head * stride + from * headDim;
      out.set(array.subarray(start, start + run), at);
    }
  }
  return out;
}

/** Sets slots, in the layout of {@linkcode readSlots}. */
export function writeSlots(
  { arrays, kvHeads, headDim }: KvArrays,
  { from = 0, count, data }: SlotRange & { data: Float32Array },
): void {
  const run = count * headDim;
  let at = 0;
  for (const array of arrays) {
    const stride = array.length / kvHeads;
    for (let head = 0; head < kvHeads; head++, at += run) {
      const start = head * stride + from * headDim;
      array.set(data.subarray(at, at + run), start);
    }
  }
}
