import { assertEquals } from "@std/assert";
import { full, shapePlanner } from "../_shape_planner.ts";
import { chain, comb } from "../../../lib/bita/tree/tree.ts";
import type { TopK } from "../../../lib/bita/choose/top_k.ts";

/** Returns guesses 11, 12, … for depth 1, 21, 22, … for depth 2, and so on. */
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

Deno.test("shapePlanner() requests as many guesses as each depth is wide", () => {
  assertEquals(shapePlanner(comb([5, 4, 3]), 3).widths, [5, 4, 3]);
  assertEquals(shapePlanner(full(2, 2), 3).widths, [2, 2]);
  assertEquals(shapePlanner(chain(0), 3).widths, []);
});

Deno.test("shapePlanner() places guesses by depth and rank and masks after all nodes", () => {
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

Deno.test("shapePlanner() adds no more masks than levels", () => {
  assertEquals(plan(chain(1), 3, guesses(1)).masks, [1, 1]);
});

Deno.test("shapePlanner() drafts nothing after the end of the text", () => {
  const chained = (budget: number) =>
    plan(chain(3), 3, guesses(1, 1, 1), { budget });
  assertEquals(chained(1), { parents: [-1], tokens: [7], masks: [0] });
  assertEquals(chained(2).tokens, [7, 11]);
  assertEquals(chained(2).masks, [0, 0]);
  assertEquals(chained(4).masks, [2, 1, 0, 0]);
});

Deno.test("shapePlanner() continues from the successor of a hit sibling", () => {
  const after = (budget: number) =>
    plan(comb([2, 1]), 2, guesses(2, 1), { budget, successor: 5 });
  assertEquals(after(99), {
    parents: [-1, 0, 1, 1, 2],
    tokens: [7, 5, 11, 12, 21],
    masks: [0, 2, 2, 2, 2],
  });
  assertEquals(after(2), { parents: [-1, 0], tokens: [7, 5], masks: [0, 0] });
  assertEquals(after(1), { parents: [-1], tokens: [7], masks: [0] });
});
