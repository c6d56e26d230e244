/**
 * What toy models read when their inputs are measured.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";
import { readText } from "../../lib/runtime/cpu/read_text.ts";
import type { ReadText } from "../../models/graph/quantize/largest_inputs.ts";

/** Has a model read arbitrary tokens. */
export const readArbitrary: ReadText = (body, onShare) => {
  const tokens = Int32Array.from(
    { length: 200 },
    (_, i) => Math.floor(uniform(11, i) * body.config.vocab),
  );
  return readText(body, { tokens, threads: 1, onShare });
};
