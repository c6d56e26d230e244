/**
 * A model that remembers, to the bit, all logits that were read of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type {
  KvSequence,
  Model,
  StepOutput,
} from "../../lib/bita/decode/model.ts";
import { wrapped } from "../bita/_wrapped.ts";

/** A model whose sequences can be read and set. */
export interface KvModel extends Model {
  open(prompt: Int32Array, options?: { tokens?: number }): KvSequence;
}

/** A model, and digests of the logits read since they were last taken. */
export interface RecordedModel extends KvModel {
  takeDigests(): string[];
}

/** Wraps a model. */
export function recorded(model: KvModel): RecordedModel {
  let digests: string[] = [];
  const note = (logits: readonly Float32Array[]) => {
    for (const { buffer, byteOffset, byteLength } of logits) {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      digests.push(createHash("sha256").update(bytes).digest("hex"));
    }
  };
  const noted = (output: StepOutput): StepOutput => {
    note(output.logits);
    return {
      logits: output.logits,
      async read(rows) {
        const logits = await output.read(rows);
        note(logits);
        return logits;
      },
      release: () => output.release(),
    };
  };
  return {
    ...wrapped(model, {
      run: async (steps) => (await model.run(steps)).map(noted),
    }),
    open: (prompt, options) => model.open(prompt, options),
    takeDigests() {
      const taken = digests;
      digests = [];
      return taken;
    },
  };
}
