/**
 * A model that remembers, to the bit, all logits that anybody read of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { KvModel, KvSequence } from "../../lib/prefix/cached_model.ts";

/** A model, and digests of the logits read since it was last asked. */
export interface RecordedModel extends KvModel {
  takeDigests(): string[];
}

/** Stands before `model`. */
export function recorded(model: KvModel): RecordedModel {
  const { vocab, masks, prompts, maxRows, context } = model;
  let digests: string[] = [];
  return {
    vocab,
    masks,
    prompts,
    maxRows,
    context,
    open(prompt): KvSequence {
      const sequence = model.open(prompt);
      return {
        forward: (pass) => sequence.forward(pass),
        async logits(rows) {
          const logits = await sequence.logits(rows);
          const { buffer, byteOffset, byteLength } = logits;
          const bytes = new Uint8Array(buffer, byteOffset, byteLength);
          digests.push(createHash("sha256").update(bytes).digest("hex"));
          return logits;
        },
        close: () => sequence.close(),
        readKv: (slots, options) => sequence.readKv(slots, options),
        writeKv: (...range) => sequence.writeKv(...range),
      };
    },
    takeDigests() {
      const taken = digests;
      digests = [];
      return taken;
    },
  };
}
