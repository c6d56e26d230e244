/**
 * A model behind which the verifier takes a wrong guess: proof that the tests of
 * equal texts can fail.
 *
 * @module
 */

import type { Model, Pass, Sequence } from "../../lib/bita/decode/model.ts";
import { wrapModel } from "../../lib/bita/decode/wrap_model.ts";

/** Wraps a model so that it agrees with the first guess of each pass. */
export function gullible(model: Model): Model {
  return wrapModel(
    model,
    (prompt) => believing(model.open(prompt), model.vocab),
  );
}

function believing(sequence: Sequence, vocab: number): Sequence {
  let pass: Pass;
  return {
    forward(next) {
      pass = next;
      return sequence.forward(next);
    },
    async logits(rows) {
      const logits = await sequence.logits(rows);
      const guess = rows[0] === 0 && rows.length > 1 ? pass.tokens[1] : -1;
      if (guess >= 0 && guess < vocab) logits[guess] = 100;
      return logits;
    },
    close: () => sequence.close(),
  };
}
