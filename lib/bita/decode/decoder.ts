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

import {
  type DecodeOptions,
  type DecodeOutput,
  emptyOutput,
} from "./output.ts";
import { draftChain } from "../draft/chain.ts";
import type { DraftTree } from "../tree/draft_tree.ts";
import type { Model, Sequence } from "./model.ts";
import { type Layout, layOut } from "../tree/pass_layout.ts";
import type { Planner, PlanState } from "../draft/planner.ts";
import { prefill } from "./prefill.ts";
import { topK } from "../choose/top_k.ts";
import { acceptedGuesses } from "../draft/trace.ts";
import { trim } from "../tree/trim.ts";
import { type Verdict, verify } from "./verify.ts";
import { Writer } from "./writer.ts";

/** How to continue a prompt with drafts. */
export interface DraftingOptions extends DecodeOptions {
  /** Proposes what to try. */
  planner: Planner;
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
): AsyncGenerator<DecodeOutput, void> {
  const writer = new Writer(model, prompt, options);
  if (writer.finish) return yield emptyOutput(writer.finish);

  const { signal, planner } = options;
  const sequence = model.open(prompt);
  const read = rowReader(sequence);
  try {
    let start = await prefill(sequence, prompt, { model, signal });
    yield emptyOutput();

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

      // The natural rows choose, as far as the draft was right.
      const rows = layout.pass.tokens.length;
      const logits = await read(upTo(tree.readAll ? rows : layout.naturalRows));
      const verdict = verify(tree, (row) => writer.next(logits[row]));
      planner.learn?.({ tree, verdict });
      start += verdict.kept;
      yield {
        tokens: verdict.tokens,
        rows,
        drafted: tree.tokens.length - 1,
        accepted: verdict.accepted,
        ...options.trace && {
          guesses: acceptedGuesses(tree, verdict, planner),
        },
        finish: writer.finish,
      };
      if (writer.finish) return;

      const asked = draftingRows(verdict, { tree, layout, planner });
      const said = tree.readAll
        ? asked.map((row) => logits[row])
        : await read(asked);
      const { successor, candidates } = readDrafts(said, {
        hit: verdict.hit,
        writer,
        planner,
      });
      const chain = await draftChain(sequence, {
        row: layout.nodeRows[verdict.drafter],
        token: successor ?? writer.last,
        vocab: model.draftVocab,
        planner,
      });
      drafts = { successor, candidates, chain };
    }
  } finally {
    sequence.close();
  }
}

/** What a pass says about the next one. */
type Drafts = Pick<PlanState, "successor" | "candidates" | "chain">;

/**
 * Lists the rows that draft: the masks of the last node that became text, and before
 * them its own row if it is a sibling and so the next root.
 */
function draftingRows(
  { drafter, hit }: Verdict,
  { tree, layout, planner }: {
    tree: DraftTree;
    layout: Layout;
    planner: Planner;
  },
): number[] {
  const masks = Math.min(tree.masks[drafter], planner.widths.length);
  const rows = upTo(masks).map((j) => layout.maskRows[drafter] + j);
  return hit ? [layout.nodeRows[drafter], ...rows] : rows;
}

/** Reads guesses off the logits of drafting rows. */
function readDrafts(
  logits: Float32Array[],
  { hit, writer, planner }: { hit: boolean; writer: Writer; planner: Planner },
): Omit<Drafts, "chain"> {
  const masks = hit ? logits.slice(1) : logits;
  return {
    successor: hit ? writer.peek(logits[0]) : undefined,
    candidates: masks.map((row, mask) => topK(row, planner.widths[mask])),
  };
}

/** Gives a function that reads rows of the last pass, each `[vocab]`. */
function rowReader(sequence: Sequence) {
  return async (rows: number[]): Promise<Float32Array[]> => {
    if (rows.length === 0) return [];
    const all = await sequence.logits(rows);
    const vocab = all.length / rows.length;
    return rows.map((_, i) => all.subarray(i * vocab, (i + 1) * vocab));
  };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
