/**
 * One model for several texts at once: their passes take turns, first come, first
 * served, which goes round while each text asks for its next pass behind the others.
 *
 * A turn is a whole pass: from `forward`, over the logits read of it, until the
 * sequence asks for its next pass or closes. So nobody waits for more than one pass
 * of each other text, and whatever a pass leaves behind is read before the next.
 *
 * @module
 */

import { wrapModel } from "../bita/decode/wrap_model.ts";
import type { KvModel, KvSequence } from "../prefix/cached_model.ts";

/**
 * Lets the sequences of a model take turns.
 *
 * A sequence that is neither closed nor asks for another pass holds up the others.
 */
export function takeTurns(model: KvModel): KvModel {
  let last = Promise.resolve();

  /** Waits for a turn; returns what ends it. */
  async function turn(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = last;
    last = promise;
    await before;
    return resolve;
  }

  return wrapModel<KvSequence>(model, (prompt) => {
    const sequence = model.open(prompt);
    let leave = () => {};
    return {
      async forward(pass) {
        leave();
        leave = await turn();
        await sequence.forward(pass);
      },
      logits: (rows) => sequence.logits(rows),
      follow: (token, row) => sequence.follow!(token, row),
      readKv: (slots, options) => sequence.readKv(slots, options),
      writeKv: (...range) => sequence.writeKv(...range),
      close() {
        sequence.close();
        leave();
      },
    };
  });
}
