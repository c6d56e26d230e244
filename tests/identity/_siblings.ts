/**
 * What would come of a decoder that lets the row of a sibling decide, without the
 * natural-slot rule.
 *
 * @module
 */

import type { Model } from "../../lib/bita/decode/model.ts";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { prefill } from "../../lib/bita/decode/prefill.ts";
import { topK } from "../../lib/bita/choose/top_k.ts";
import { siblingTree } from "./_oracles.ts";

/**
 * Decodes greedily with every token after the first decided by a sibling's row.
 *
 * The guesses are the plain `text` itself and all keys and values that stay are
 * natural, so nothing but the slot can make a difference.
 *
 * @returns how many tokens were equal to `text` before the first that was not, or
 * `undefined` if all were.
 */
export async function siblingsDiverge(
  model: Model,
  prompt: Int32Array,
  text: number[],
): Promise<number | undefined> {
  const sequence = model.open(prompt);
  try {
    let start = await prefill(sequence, prompt, { model });
    let root = prompt[prompt.length - 1];
    for (let i = 0; i + 1 < text.length; i++, start++) {
      const { pass, nodeRows } = layOut(siblingTree(root, text[i]), {
        start,
        position: start - model.prompts,
      });
      await sequence.forward(pass);
      const logits = await sequence.logits([nodeRows[2]]);
      if (topK(logits, 1).ids[0] !== text[i + 1]) return i + 1;
      root = text[i];
    }
  } finally {
    sequence.close();
  }
}
