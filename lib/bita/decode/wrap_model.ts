/**
 * A model that is another one with something done around its sequences: taking turns,
 * timing, caching.
 *
 * @module
 */

import type { Model, Sequence } from "./model.ts";

/** Gives a model like `model`, but for the sequences that it opens. */
export function wrapModel<S extends Sequence>(
  { vocab, masks, prompts, maxRows, draftVocab, prefillRows, context }: Model,
  open: (prompt: Int32Array) => S,
): Model & { open(prompt: Int32Array): S } {
  return {
    ...{ vocab, masks, prompts, maxRows, context, open },
    ...(draftVocab && { draftVocab }),
    ...(prefillRows !== undefined && { prefillRows }),
  };
}
