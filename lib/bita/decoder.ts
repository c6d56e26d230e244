/**
 * BiTA (arXiv 2401.12522): each pass verifies the last draft and, with its mask
 * rows, makes the next one.
 *
 * ```text
 * plan a tree ─▶ one pass ─▶ natural rows choose the tokens ─▶ masks draft ↺
 * ```
 *
 * The text is the one of `plain.ts`, token for token: the same rows, in the same
 * slots, choose with the same random numbers. A guess only decides whether a row
 * was computed in advance.
 *
 * @module
 */

import { type Burst, type DecodeOptions, emptyBurst } from "./burst.ts";
import type { DraftTree } from "./draft_tree.ts";
import type { Model, Sequence } from "./model.ts";
import { type Layout, layOut } from "./pass_layout.ts";
import {
  type Outcome,
  type Planner,
  type PlanState,
  shapePlanner,
} from "./planner.ts";
import { prefill } from "./prefill.ts";
import { topK } from "./top_k.ts";
import { staircase } from "./tree.ts";
import { trim } from "./trim.ts";
import { type Verdict, verify } from "./verify.ts";
import { Writer } from "./writer.ts";

/** How to continue a prompt with drafts. */
export interface DraftingOptions extends DecodeOptions {
  /** Proposes what to try; the paper's tree unless given. */
  planner?: Planner | undefined;
}

/**
 * Continues `prompt` by one token or more a pass.
 *
 * @throws {RangeError} if the prompt is empty or exceeds the context.
 */
export async function* decode(
  model: Model,
  prompt: Int32Array,
  options: DraftingOptions,
): AsyncGenerator<Burst, void> {
  const writer = new Writer(model, prompt, options);
  if (writer.finish) return yield emptyBurst(writer.finish);

  const { signal } = options;
  const planner = options.planner ??
    shapePlanner(staircase(5, 3), model.masks);
  const sequence = model.open(prompt);
  try {
    let start = await prefill(sequence, prompt, { model, signal });
    yield emptyBurst();

    let drafts: Drafts = { candidates: [] };
    while (!writer.finish) {
      const { last: root, budget } = writer;
      const tree = trim(
        planner.plan({ root, budget, ...drafts }),
        model.maxRows,
      );
      const layout = layOut(tree, { start, position: start - model.prompts });
      signal?.throwIfAborted();
      await sequence.forward(layout.pass);

      const { verdict, logits } = await settle(sequence, {
        tree,
        layout,
        writer,
      });
      planner.learn?.({ tree, verdict, logits });
      start += verdict.kept;
      yield {
        tokens: verdict.tokens,
        rows: layout.pass.tokens.length,
        drafted: tree.tokens.length - 1,
        accepted: verdict.accepted,
        finish: writer.finish,
      };
      if (writer.finish) return;

      drafts = await draft(sequence, {
        verdict,
        tree,
        layout,
        writer,
        widths: planner.widths,
      });
    }
  } finally {
    sequence.close();
  }
}

/** Lets the natural rows of a pass choose, as far as the draft was right. */
async function settle(
  sequence: Sequence,
  { tree, layout, writer }: { tree: DraftTree; layout: Layout; writer: Writer },
): Promise<{ verdict: Verdict; logits: Outcome["logits"] }> {
  const rows = Array.from({ length: layout.naturalRows }, (_, row) => row);
  const all = await sequence.logits(rows);
  const vocab = all.length / rows.length;
  const logits = (row: number) => all.subarray(row * vocab, (row + 1) * vocab);
  return { verdict: verify(tree, (row) => writer.next(logits(row))), logits };
}

/** What a pass says about the next one. */
type Drafts = Pick<PlanState, "successor" | "candidates">;

/**
 * Reads guesses off the masks of the last node that became text, and before them
 * off its own row if it is a sibling and so the next root.
 */
async function draft(
  sequence: Sequence,
  { verdict: { drafter, hit }, tree, layout, writer, widths }: {
    verdict: Verdict;
    tree: DraftTree;
    layout: Layout;
    writer: Writer;
    widths: readonly number[];
  },
): Promise<Drafts> {
  const masks = Math.min(tree.masks[drafter], widths.length);
  const rows = hit ? [layout.nodeRows[drafter]] : [];
  for (let j = 0; j < masks; j++) rows.push(layout.maskRows[drafter] + j);
  if (rows.length === 0) return { candidates: [] };
  const all = await sequence.logits(rows);
  const vocab = all.length / rows.length;
  const logits = rows.map((_, i) => all.subarray(i * vocab, (i + 1) * vocab));
  const successor = hit ? writer.peek(logits.shift()!) : undefined;
  return {
    successor,
    candidates: logits.map((row, mask) => topK(row, widths[mask])),
  };
}
