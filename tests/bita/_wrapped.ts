/**
 * A model with some of its members replaced.
 *
 * @module
 */

import type { Model } from "../../lib/bita/decode/model.ts";

/** Returns a model with the members of another one, except for `changes`. */
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
