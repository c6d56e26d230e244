/**
 * What toy models read when their inputs are measured.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";
import { clipsSums } from "../../lib/runtime/cpu/clips_sums.ts";
import { readLayer } from "../../lib/runtime/cpu/read_layer.ts";
import type { Reading } from "../../models/graph/quantize/layer_inputs.ts";
import { TINY } from "./tiny_gguf.ts";

/** Has a tiny model read arbitrary tokens. */
export const ARBITRARY: Reading = {
  tokens: () =>
    Promise.resolve(Int32Array.from(
      { length: 200 },
      (_, i) => Math.floor(uniform(11, i) * TINY.vocab),
    )),
  readLayer: (layer) => readLayer(layer, { threads: 1 }),
  clipsSums,
};
