/**
 * Tells the processors whose sums of products of signed and unsigned bytes are clipped:
 * on x86, those with neither AVX512-VNNI nor AVX-VNNI.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import {
  type NativeSessionOptions,
  openNativeSession,
} from "./native_session.ts";

/** Rows of the largest bytes, of which a single one may have another kernel. */
const ROWS = 2;

/** Returns whether the sums in the `clipping` graph of a folder are clipped. */
export async function clipsSums(
  folder: string,
  options: Pick<NativeSessionOptions, "api" | "tensors">,
): Promise<boolean> {
  const session = await openNativeSession(`${folder}/clipping.onnx`, {
    ...options,
    threads: 1,
    brief: true,
  });
  try {
    const dims = [ROWS, 64];
    const levels = new Uint8Array(ROWS * 64).fill(255);
    const sums = new Tensor("float32", new Float32Array(ROWS * 64), dims);
    await session.run({ levels: new Tensor("uint8", levels, dims) }, { sums });
    return (sums.data as Float32Array).some((sum) => sum !== 64 * 255 * 127);
  } finally {
    session.close();
  }
}
