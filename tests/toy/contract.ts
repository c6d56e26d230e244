/**
 * The contract of the model port, checked on each pass of the toy.
 *
 * @module
 */

import type { ModelShape, Step } from "../../lib/bita/decode/model.ts";

/** @throws {Error} naming the contract, unless the condition holds. */
export function demand(
  condition: boolean,
  contract: string,
): asserts condition {
  if (!condition) throw new Error(`Contract broken: ${contract}`);
}

/** Checks that the slots before `start` hold the text, a natural row each. */
export function checkKept(
  slots: ({ natural: boolean; position: number } | undefined)[],
  start: number,
  { softPrompt, context }: ModelShape,
): void {
  demand(start >= softPrompt, "the soft prompt stays");
  demand(start < softPrompt + context, "the root is in the context");
  for (let slot = softPrompt; slot < start; slot++) {
    const row = slots[slot];
    demand(row?.natural === true, "only natural rows are kept");
    demand(row!.position === slot - softPrompt, "kept rows are in order");
  }
}

/** Checks that a pass holds steps of different sequences, and not too many rows. */
export function checkPass(steps: readonly Step[], model: ModelShape): void {
  const { maxRows, maxSequences } = model;
  const sequences = new Set(steps.map(({ sequence }) => sequence));
  const rows = steps.reduce((sum, { tokens }) => sum + tokens.length, 0);
  demand(sequences.size === steps.length, "a sequence has one step in a pass");
  demand(steps.length <= maxSequences, "sequences fit the pass");
  demand(rows <= maxRows, `a pass has at most ${maxRows} rows`);
  for (const step of steps) checkStep(step, model);
}

/** Checks that a step is a tree with masks, in topological order. */
function checkStep({ tokens, parents, read }: Step, model: ModelShape): void {
  demand(tokens.length >= 1, "a step has a row");
  demand(parents.length === tokens.length, "a row has a parent");
  demand(parents[0] === -1 && tokens[0] >= 0, "the first row is the root");
  for (const [row, token] of tokens.entries()) {
    const known = token >= -model.masks && token < model.vocab;
    demand(known, "the token is known");
    if (row === 0) continue;
    const parent = parents[row];
    demand(parent >= 0 && parent < row, "parents come first");
    const follows = token < 0
      ? tokens[parent] === token + 1 || (token === -1 && tokens[parent] >= 0)
      : tokens[parent] >= 0;
    demand(follows, "masks follow a node, in order, and nothing follows them");
  }
  for (const row of read) demand(row in tokens, "a row that is read is there");
}
