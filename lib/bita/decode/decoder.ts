/**
 * BiTA (arXiv 2401.12522): each pass verifies the last draft and, with its mask
 * rows, makes the next one.
 *
 * ```text
 * plan a tree ─▶ one step ─▶ natural rows choose the tokens ─▶ masks draft ↺
 * ```
 *
 * The text is the one of `plain.ts`, token for token: the same rows, in the same
 * slots, choose with the same random numbers. A guess only decides whether a row
 * was computed in advance.
 *
 * @module
 */

import { topK } from "../choose/top_k.ts";
import { draftWithHydra } from "../draft/hydra_steps.ts";
import type { Planner, PlanState } from "../draft/planner.ts";
import { acceptedGuesses } from "../draft/feedback.ts";
import { type DraftTree, trim } from "../tree/tree.ts";
import { type Layout, layOut } from "../tree/pass_layout.ts";
import type { Sequence, StepOutput, StepRunner } from "./model.ts";
import type { DecodeOptions, DecodeOutput } from "./output.ts";
import { readPrompt, restOf } from "./prefill.ts";
import { type Verified, verify } from "./verify.ts";
import { Writer } from "./writer.ts";

/** How to continue a prompt with drafts. */
export interface DraftingOptions extends DecodeOptions {
  /** Proposes what to try. */
  planner: Planner;
}

/**
 * Continues a prompt by one token or more a pass, in a sequence that holds nothing or
 * a part of it.
 *
 * @throws {RangeError} if the prompt is empty or exceeds the context.
 */
export async function* decode(
  runner: StepRunner,
  sequence: Sequence,
  options: DraftingOptions,
): AsyncGenerator<DecodeOutput, void> {
  const { prompt, planner, trace, signal } = options;
  const writer = new Writer(runner.shape, prompt, options);
  yield await readPrompt(runner, sequence, { ...options, writer });

  let drafts: Drafts = { candidates: [] };
  let rest = restOf(runner, sequence, prompt);
  while (!writer.finish) {
    const { last: root, budget } = writer;
    const tree = trim(
      planner.plan({ root, budget, ...drafts }),
      runner.shape.maxRows - rest.length,
    );
    const layout = layOut(tree, rest);
    const { tokens, parents, naturalRows, nodeRows: [first] } = layout;
    const read = tree.readAll
      ? upTo(tokens.length)
      : upTo(naturalRows).map((row) => first + row);
    const best = writer.needsBest && !tree.readAll;
    const start = sequence.length;
    const output = await runner.run(
      { sequence, start, tokens, parents, read, best },
      { signal },
    );
    try {
      // The natural rows choose, as far as the draft was right.
      const natural = tree.readAll ? output.logits.slice(first) : output.logits;
      const verified = verify(tree, (row) => writer.next(natural[row]));
      planner.learn?.({ tree, verified });
      sequence.length += first + verified.kept;
      rest = new Int32Array();
      yield {
        tokens: verified.tokens,
        rows: tokens.length - first,
        drafted: tree.tokens.length - 1,
        accepted: verified.accepted,
        ...trace && { guesses: acceptedGuesses(tree, verified, planner) },
        ...writer.takeScores(),
        finish: writer.finish,
      };
      if (writer.finish) return;
      drafts = await draftNext(output, {
        verified,
        tree,
        layout,
        planner,
        writer,
      });
      drafts.hydra = await draftWithHydra(output, {
        row: layout.nodeRows[verified.drafter],
        token: drafts.successor ?? writer.last,
        vocab: runner.shape.draftVocab,
        planner,
      });
    } finally {
      output.release();
    }
  }
}

/** What a pass predicts for the next one. */
type Drafts = Pick<PlanState, "successor" | "candidates" | "hydra">;

/** Reads the guesses of the rows that draft. */
async function draftNext(
  output: StepOutput,
  { verified: { drafter, hit }, tree, layout, planner, writer }: {
    verified: Verified;
    tree: DraftTree;
    layout: Layout;
    planner: Planner;
    writer: Writer;
  },
): Promise<Drafts> {
  // The masks of the last node that became text, and before them its own row if it is
  // a sibling and so the next root.
  const count = Math.min(tree.masks[drafter], planner.widths.length);
  const masks = upTo(count).map((j) => layout.maskRows[drafter] + j);
  const rows = hit ? [layout.nodeRows[drafter], ...masks] : masks;
  if (rows.length === 0) return { candidates: [] };
  const logits = tree.readAll
    ? rows.map((row) => output.logits[row])
    : await output.read(rows);
  return {
    successor: hit ? writer.peek(logits[0]) : undefined,
    candidates: logits.slice(hit ? 1 : 0)
      .map((row, mask) => topK(row, planner.widths[mask])),
  };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
