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
  return {
    shape: model.shape,
    open: (prompt, options) => model.open(prompt, options),
    run: (steps) => model.run(steps),
    ...changes,
  };
}
