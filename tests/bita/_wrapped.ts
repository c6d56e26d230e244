/**
 * A model with some of its parts replaced.
 *
 * @module
 */

import type { Model } from "../../lib/bita/decode/model.ts";

/** Returns a model like another one but for what is given. */
export function wrapped(
  model: Model,
  changes: Partial<Model>,
): Model {
  const { vocab, masks, prompts, draftVocab, maxRows, maxSequences, context } =
    model;
  return {
    ...{ vocab, masks, prompts, maxRows, maxSequences, context },
    ...draftVocab && { draftVocab },
    open: (prompt, options) => model.open(prompt, options),
    run: (steps) => model.run(steps),
    ...changes,
  };
}
