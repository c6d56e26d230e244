/**
 * Greedy decoding, as tests and benchmarks ask for it.
 *
 * @module
 */

import type { Sampling } from "../lib/bita/sampling.ts";

/** The most likely token each time. */
export const GREEDY: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: new Map(),
  seed: 0,
};
