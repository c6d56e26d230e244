import { assertEquals } from "@std/assert";
import { full, shapePlanner } from "../_shape_planner.ts";
import { chain, comb } from "../../../lib/bita/tree/tree.ts";
import type { TopK } from "../../../lib/bita/choose/top_k.ts";

/** Guesses 11, 12, … for depth 1, then 21, 22, … for depth 2, and so on. */
function guesses(...widths: number[]): TopK[] {
  return widths.map((width, depth) => ({
    ids: Array.from({ length: width }, (_, rank) => 10 * depth + 11 + rank),
    shares: new Array(width).fill(1 / width),
  }));
}

function plan(
  shape: Int32Array,
  masks: number,
  candidates: TopK[],
  { budget = 99, successor }: { budget?: number; successor?: number } = {},
) {
  const tree = shapePlanner(shape, masks).plan({
    root: 7,
    budget,
    candidates,
    successor,
  });
  return {
    parents: [...tree.parents],
    tokens: [...tree.tokens],
    masks: [...tree.masks],
  };
}

Deno.test("shapePlanner() wants as many guesses by depth as the tree is wide", () => {
  assertEquals(shapePlanner(comb([5, 4, 3]), 3).widths, [5, 4, 3]);
  assertEquals(shapePlanner(full(2, 2), 3).widths, [2, 2]);
  assertEquals(shapePlanner(chain(0), 3).widths, []);
});

Deno.test("shapePlanner() places guesses by depth and rank, masks behind all", () => {
  assertEquals(plan(comb([2, 2]), 2, guesses(2, 2)), {
    parents: [-1, 0, 0, 1, 1],
    tokens: [7, 11, 12, 21, 22],
    masks: [2, 2, 2, 2, 2],
  });
  assertEquals(plan(full(2, 2), 1, guesses(2, 2)).tokens, [
    ...[7, 11, 12],
    ...[21, 22, 21, 22],
  ]);
});

Deno.test("shapePlanner() starts with a root and its masks", () => {
  assertEquals(plan(comb([2, 2]), 2, []), {
    parents: [-1],
    tokens: [7],
    masks: [2],
  });
});

Deno.test("shapePlanner() leaves out nodes without a guess", () => {
  assertEquals(plan(comb([2, 2]), 0, guesses(1)).tokens, [7, 11]);
  assertEquals(plan(comb([2, 2]), 0, guesses(2, 1)).tokens, [7, 11, 12, 21]);
});

Deno.test("shapePlanner() has no more masks than levels to draft", () => {
  assertEquals(plan(chain(1), 3, guesses(1)).masks, [1, 1]);
});

Deno.test("shapePlanner() drafts nothing beyond the end of the text", () => {
  const chained = (budget: number) =>
    plan(chain(3), 3, guesses(1, 1, 1), { budget });
  assertEquals(chained(1), { parents: [-1], tokens: [7], masks: [0] });
  assertEquals(chained(2).tokens, [7, 11]);
  assertEquals(chained(2).masks, [0, 0]);
  assertEquals(chained(4).masks, [2, 1, 0, 0]);
});

Deno.test("shapePlanner() stands on what a hit sibling predicts", () => {
  const behind = (budget: number) =>
    plan(comb([2, 1]), 2, guesses(2, 1), { budget, successor: 5 });
  assertEquals(behind(99), {
    parents: [-1, 0, 1, 1, 2],
    tokens: [7, 5, 11, 12, 21],
    masks: [0, 2, 2, 2, 2],
  });
  assertEquals(behind(2), { parents: [-1, 0], tokens: [7, 5], masks: [0, 0] });
  assertEquals(behind(1), { parents: [-1], tokens: [7], masks: [0] });
});
