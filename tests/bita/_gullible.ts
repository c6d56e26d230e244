/**
 * A model that makes the verifier accept a wrong guess. It shows that the tests of equal
 * texts can fail.
 *
 * @module
 */

import type { Model, Step, StepOutput } from "../../lib/bita/decode/model.ts";
import { wrapped } from "./_wrapped.ts";

/** Returns a model that agrees with the first guess of each step. */
export function gullible(model: Model): Model {
  return wrapped(model, {
    async run(steps) {
      const outputs = await model.run(steps);
      return outputs.map((output, i) => believing(output, steps[i], model));
    },
  });
}

function believing(
  output: StepOutput,
  { tokens, read }: Step,
  { shape: { vocab } }: Model,
): StepOutput {
  const guess = read.length > 1 ? tokens[1] : -1;
  if (guess >= 0 && guess < vocab) output.logits[0][guess] = 100;
  return output;
}
