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
import { Scheduler } from "../../lib/worker/scheduler.ts";
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
    await prefill(new Scheduler(model), sequence, {
      prompt,
      signal: undefined,
    });
    let root = prompt[prompt.length - 1];
    for (let i = 0; i + 1 < text.length; i++) {
      const { nodeRows, ...rows } = layOut(siblingTree(root, text[i]));
      const [output] = await model.run([{
        sequence,
        start: sequence.length,
        ...rows,
        read: [nodeRows[2]],
      }]);
      const [best] = topK(output.logits[0], 1).ids;
      output.release();
      if (best !== text[i + 1]) return i + 1;
      sequence.length++;
      root = text[i];
    }
  } finally {
    sequence.close();
  }
}
