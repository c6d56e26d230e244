/**
 * Who sees whom in a pass, as numbers added to the attention scores.
 *
 * @module
 */

import type { Pass } from "../bita/decode/model.ts";

/** Hides a column from a row: far below any score, yet finite. */
const HIDDEN = -1e4;

/**
 * Builds the bias of a pass, `[rows, start + rows]`.
 *
 * @param options.rows rows of the pass and of padding behind them.
 * @param options.prompts slots at the front that mask rows alone see.
 */
export function attentionBias(
  { start, tokens, visible }: Pass,
  { rows, prompts }: { rows: number; prompts: number },
): Float32Array {
  const total = start + rows;
  const count = tokens.length;
  const bias = new Float32Array(rows * total);
  for (let row = 0; row < count; row++) {
    const line = bias.subarray(row * total, (row + 1) * total);
    if (tokens[row] >= 0) line.fill(HIDDEN, 0, prompts);
    for (let other = 0; other < count; other++) {
      if (!visible[row * count + other]) line[start + other] = HIDDEN;
    }
    line.fill(HIDDEN, start + count);
  }
  return bias;
}
