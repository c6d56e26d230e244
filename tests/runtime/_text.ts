/**
 * The fixed text of tests/models/text.txt, and how tests let a model read it.
 *
 * @module
 */

import type { DraftTree } from "../../lib/bita/tree/tree.ts";
import type { KvSequence, Model } from "../../lib/bita/decode/model.ts";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { readVocabulary } from "../text/_vocabulary.ts";

const TEXT = new URL("../models/text.txt", import.meta.url);

/** Returns the first tokens of the fixed text, or all of them. */
export async function textTokens(count?: number): Promise<Int32Array> {
  const tokenizer = new Tokenizer(await readVocabulary());
  const tokens = [...tokenizer.encode(await Deno.readTextFile(TEXT))];
  return Int32Array.from(tokens.slice(0, count));
}

/** How to read, and who sees the logits. */
export interface ReadOptions {
  /** Tokens that a pass reads. */
  width: number;
  /** Wrong guesses and masks after the tokens of every pass. */
  junk?: { siblings: number; masks: number };
  /** Sees each token's row of logits, `[vocab]`, in order. */
  look(logits: Float32Array, position: number): void;
}

/** Reads `text` in passes; returns the keys and values that stay. */
export async function readInPasses(
  model: Model,
  text: Int32Array,
  { width, junk = { siblings: 0, masks: 0 }, look }: ReadOptions,
): Promise<Float32Array> {
  const sequence = model.open(text) as KvSequence;
  try {
    for (let position = 0; position < text.length; position += width) {
      const tokens = text.subarray(position, position + width);
      const [output] = await model.run([{
        sequence,
        start: sequence.length,
        ...layOut(junkTree(tokens, junk)),
        read: [...tokens.keys()],
      }]);
      for (const [row, logits] of output.logits.entries()) {
        look(logits, position + row);
      }
      output.release();
      sequence.length += tokens.length;
    }
    return await sequence.readKv(sequence.length);
  } finally {
    sequence.close();
  }
}

/** Hangs wrong guesses and masks on the first token of a chain. */
function junkTree(
  chain: Int32Array,
  { siblings, masks }: { siblings: number; masks: number },
): DraftTree {
  const nodes = chain.length + siblings;
  const tree = {
    parents: new Int32Array(nodes),
    tokens: new Int32Array(nodes),
    masks: new Int32Array(nodes),
  };
  for (let node = 0; node < nodes; node++) {
    const natural = node < chain.length;
    tree.parents[node] = natural ? node - 1 : 0;
    tree.tokens[node] = natural ? chain[node] : node; // an id as good as any
  }
  tree.masks[0] = masks;
  return tree;
}

/** Returns the id of the largest logit. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) {
    if (logits[id] > logits[best]) best = id;
  }
  return best;
}
