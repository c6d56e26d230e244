/**
 * Which processors clip sums of products of signed and unsigned bytes: on x86, those with
 * AVX2 but neither AVX512-VNNI nor AVX-VNNI.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import { type NativeSession, openNativeSession } from "./native_session.ts";
import { NativeTensors } from "./native_tensors.ts";
import { openOnnxCApi } from "./onnx_c_api.ts";

/** Rows, which are two as a single one may have another kernel. */
const ROWS = 2;

/** Bytes of a row, and outputs. */
const SIZE = 64;

/** The largest bytes. */
const [LEVEL, WEIGHT] = [255, 127];

/** Returns whether the sums in the `clipping` graph of a folder are clipped. */
export async function clipsSums(folder: string): Promise<boolean> {
  const api = openOnnxCApi();
  const tensors = new NativeTensors(api);
  let session: NativeSession | undefined;
  try {
    session = await openNativeSession(`${folder}/clipping.onnx`, {
      api,
      tensors,
      threads: 1,
      brief: true,
    });
    const dims = [ROWS, SIZE];
    const levels = new Uint8Array(ROWS * SIZE).fill(LEVEL);
    const weights = new Int8Array(SIZE * SIZE).fill(WEIGHT);
    const sums = new Float32Array(ROWS * SIZE);
    await session.run({
      levels: new Tensor("uint8", levels, dims),
      weights: new Tensor("int8", weights, [SIZE, SIZE]),
      one: new Tensor("float32", Float32Array.of(1), [1]),
    }, { sums: new Tensor("float32", sums, dims) });
    return sums.some((sum) => sum !== SIZE * LEVEL * WEIGHT);
  } finally {
    session?.close();
    tensors.close();
    api.close();
  }
}
