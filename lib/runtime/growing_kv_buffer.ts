/**
 * A KV buffer in main memory that grows with the text, so that a short text takes
 * little memory, and little time where a pass copies the buffer, as on wasm.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { KvBuffer, KvShape, NamedTensors } from "./backend.ts";
import { kvDims, kvNames, readSlots, writeSlots } from "./kv_layout.ts";

/** Slots by which the buffer grows. */
const GROWTH = 128;

/** How a backend treats the buffer. */
export interface GrowingKvOptions {
  /** Whether a pass may write into the arrays that it reads. */
  inPlace: boolean;
}

/** Makes an empty buffer for a sequence. */
export function growingKvBuffer(
  { layers, kvHeads, headDim }: KvShape,
  { inPlace }: GrowingKvOptions,
): KvBuffer {
  const names = kvNames(layers);
  let shape: KvShape = { layers, kvHeads, headDim, slots: 0 };
  let arrays = names.map(() => new Float32Array(0));
  const past: NamedTensors = {};
  const present: Record<string, Tensor | null> = {};

  function adopt(next: Float32Array<ArrayBuffer>[]): void {
    arrays = next;
    for (const [i, name] of names.entries()) {
      const tensor = new Tensor("float32", arrays[i], kvDims(shape));
      past[name.past] = tensor;
      present[name.present] = inPlace ? tensor : null;
    }
  }

  function reserve(slots: number): void {
    if (slots <= shape.slots) return;
    const grown = { ...shape, slots: Math.ceil(slots / GROWTH) * GROWTH };
    const size = kvDims(grown).reduce((product, dim) => product * dim);
    const next = names.map(() => new Float32Array(size));
    const data = readSlots(arrays, shape, { count: shape.slots });
    writeSlots(next, grown, { count: shape.slots, data });
    shape = grown;
    adopt(next);
  }

  return {
    bind(slots) {
      reserve(slots);
      return { past, present };
    },
    keep(outputs) {
      if (inPlace) return;
      adopt(
        names.map(({ present }) =>
          outputs[present].data as Float32Array<ArrayBuffer>
        ),
      );
    },
    read: (count, { from = 0 } = {}) =>
      Promise.resolve(readSlots(arrays, shape, { from, count })),
    write(count, data, { from = 0 } = {}) {
      reserve(from + count);
      writeSlots(arrays, shape, { from, count, data });
    },
    close() {},
  };
}
