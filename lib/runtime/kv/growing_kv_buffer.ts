/**
 * A KV buffer in main memory that grows with the text, so that a short text takes
 * little memory, and little time where a pass copies the buffer, as on wasm.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { KvBuffer, KvRoom } from "../backend.ts";
import { kvDims, type KvShape, readSlots, writeSlots } from "./kv_layout.ts";

/** Factor by which the room grows, so that growth copies a slot twice on average. */
const GROWTH = 1.5;

/** How a backend treats the buffer. */
export interface GrowingKvOptions extends KvRoom {
  /** Whether a pass may write into the arrays that it reads. */
  inPlace: boolean;
}

/** Makes an empty buffer for a sequence. */
export function growingKvBuffer(
  shape: KvShape,
  { slots, most, inPlace }: GrowingKvOptions,
): KvBuffer {
  const { layers, kvHeads, headDim } = shape;
  const make = () =>
    new Tensor(
      "float32",
      new Float32Array(kvHeads * slots * headDim),
      kvDims(shape, slots),
    );
  let tensors: readonly Tensor[] = Array.from({ length: 2 * layers }, make);

  const arrays = (tensors: readonly Tensor[]) => ({
    arrays: tensors.map(({ data }) => data as Float32Array<ArrayBuffer>),
    kvHeads,
    headDim,
  });

  /** Copies one array after the other, so that a single one exists twice. */
  function grow(needed: number): void {
    slots = Math.max(needed, Math.min(most, Math.ceil(GROWTH * slots)));
    tensors = tensors.map((tensor) => {
      const grown = make();
      const from = tensor.data as Float32Array;
      const to = grown.data as Float32Array;
      for (let head = 0; head < kvHeads; head++) {
        const size = from.length / kvHeads;
        const keys = from.subarray(head * size, (head + 1) * size);
        to.set(keys, head * to.length / kvHeads);
      }
      free(tensor);
      return grown;
    });
  }

  function reserve(needed: number): void {
    if (needed > slots) grow(needed);
  }

  return {
    get tensors() {
      return tensors;
    },
    reserve,
    ...(!inPlace && {
      keep(present) {
        for (const tensor of tensors) free(tensor);
        tensors = present;
      },
    }),
    read: (count, { from = 0 } = {}) =>
      Promise.resolve(readSlots(arrays(tensors), { from, count })),
    write(count, copy, { from = 0 } = {}) {
      reserve(from + count);
      const data = copy as Float32Array; // it makes no others
      writeSlots(arrays(tensors), { from, count, data });
    },
    close() {
      for (const tensor of tensors) free(tensor);
      tensors = [];
    },
  };
}

/** Frees a tensor's memory at once, as garbage would be collected too late. */
function free({ data }: Tensor): void {
  (data as Float32Array<ArrayBuffer>).buffer.transfer(0);
}
