/**
 * The contract of the model port, checked on each pass of the toy.
 *
 * @module
 */

import type { Model, Pass } from "../../lib/bita/decode/model.ts";

/** @throws {Error} naming the contract, unless the condition holds. */
export function demand(condition: boolean, contract: string): void {
  if (!condition) throw new Error(`Contract broken: ${contract}`);
}

/** Checks that the slots before `start` hold the text, a natural row each. */
export function checkKept(
  slots: ({ natural: boolean; position: number } | undefined)[],
  start: number,
  { prompts, context }: Model,
): void {
  demand(start >= prompts, "prompts stay");
  demand(start < prompts + context, "the root is in the context");
  for (let slot = prompts; slot < start; slot++) {
    const row = slots[slot];
    demand(row?.natural === true, "only natural rows are kept");
    demand(row!.position === slot - prompts, "kept rows are in order");
  }
}

/** Checks that a pass is a tree with masks, in topological order. */
export function checkPass(pass: Pass, model: Model): void {
  const { tokens, positions, visible } = pass;
  const n = tokens.length;
  demand(n >= 1 && n <= model.maxRows, `a pass has 1 to ${model.maxRows} rows`);
  demand(positions.length === n, "a row has a position");
  demand(visible.length === n * n, "visible is square");
  for (let row = 0; row < n; row++) {
    const token = tokens[row];
    const known = token >= -model.masks && token < model.vocab;
    demand(known, "the token is known");
    checkSight(pass, row, pass.start - model.prompts);
  }
}

/** Checks that a row sees one path, and masks the earlier ones of their group. */
function checkSight(
  { tokens, positions, visible }: Pass,
  row: number,
  rootPosition: number,
): void {
  const n = tokens.length;
  demand(visible[row * n + row] === 1, "a row sees itself");
  let texts = 0;
  let masks = 0;
  for (let other = 0; other < n; other++) {
    if (other === row || !visible[row * n + other]) continue;
    demand(other < row, "parents come first");
    if (tokens[other] < 0) {
      demand(tokens[other] === -1 - masks++, "a group is seen in order");
    } else {
      const next = positions[other] === rootPosition + texts++;
      demand(next, "a row sees one path from the root");
    }
  }
  const token = tokens[row];
  demand(masks === (token < 0 ? -1 - token : 0), "a mask sees its group");
  demand(token >= 0 || texts > 0, "a mask follows a node");
  const own = positions[row] === rootPosition + texts + masks;
  demand(own, "a row stands right behind what it sees");
}
