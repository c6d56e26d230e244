/**
 * Which rows of a pass are masks, for an adapter that updates linears on them alone.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Pass } from "../bita/decode/model.ts";

/** Gives 1 for mask rows and 0 for all others, `[1, rows, 1]`. */
export function maskGate({ tokens }: Pass, rows: number): Tensor {
  const gate = new Float32Array(rows);
  for (const [row, token] of tokens.entries()) gate[row] = token < 0 ? 1 : 0;
  return new Tensor("float32", gate, [1, rows, 1]);
}
