/**
 * Decodes a whole text and measures the time.
 *
 * @module
 */

import type { DecodeOutput } from "../../../lib/bita/decode/output.ts";

/** A decoded text; times in milliseconds. */
export interface Run {
  tokens: number[];
  /** From the start to the first token. */
  firstMs: number;
  /** From the first token to the last. */
  restMs: number;
  /** From the end of the prefill to the end of the text. */
  decodeMs: number;
  passes: number;
  rows: number;
}

/** Decodes a whole text; `now` returns milliseconds. */
export async function runText(
  outputs: AsyncIterable<DecodeOutput>,
  now: () => number,
): Promise<Run> {
  const tokens: number[] = [];
  const begun = now();
  let prefilled = begun, first = begun, last = begun;
  let passes = 0, rows = 0;
  for await (const output of outputs) {
    const time = now();
    if (output.rows === 0) prefilled = time;
    else passes++;
    rows += output.rows;
    if (output.tokens.length === 0) continue;
    if (tokens.length === 0) first = time;
    last = time;
    tokens.push(...output.tokens);
  }
  return {
    tokens,
    firstMs: first - begun,
    restMs: last - first,
    decodeMs: now() - prefilled,
    passes,
    rows,
  };
}
