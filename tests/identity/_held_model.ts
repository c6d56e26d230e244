/**
 * A model whose sequences stay open until a test has looked into them.
 *
 * @module
 */

import type { KvSequence, Model } from "../../lib/bita/decode/model.ts";
import { wrapped } from "../bita/_wrapped.ts";

/** A model, and what reads its sequences. */
export interface HeldModel {
  /** Opens sequences that no decoding closes. */
  model: Model;
  /** Reads the first slots of each sequence and closes them all. */
  release(slots: number): Promise<Float32Array[]>;
}

/** Holds the sequences of a model open. */
export function hold(model: Model): HeldModel {
  let held: { sequence: KvSequence; close: () => void }[] = [];
  return {
    model: wrapped(model, {
      open(prompt, options) {
        const sequence = model.open(prompt, options) as KvSequence;
        held.push({ sequence, close: sequence.close.bind(sequence) });
        sequence.close = () => {};
        return sequence;
      },
    }),
    async release(slots) {
      const contents: Float32Array[] = [];
      for (const { sequence, close } of held) {
        contents.push(await sequence.readKv(slots));
        close();
      }
      held = [];
      return contents;
    },
  };
}
