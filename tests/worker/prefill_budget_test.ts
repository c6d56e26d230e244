import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { PrefillBudget } from "../../lib/worker/prefill_budget.ts";

/** A pass takes 18, and each row 1. */
const COST = { body: (rows: number) => 18 + rows, head: () => 0 };
const ONE = { sequences: 1, rows: 1, read: 1 };

/**
 * Runs passes of one sequence that decodes, beside prompts whose rows take `perRow`;
 * returns their rows and the mean pass.
 */
function run(passes: number, perRow: number, prompts = 1) {
  const budget = new PrefillBudget(COST);
  const parts: number[] = [];
  const times: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const rows = budget.rows(ONE, prompts, 128);
    const ms = 19 + perRow * rows;
    budget.spend(ONE, { rows, ms });
    parts.push(rows);
    times.push(ms);
  }
  const mean = times.reduce((sum, ms) => sum + ms) / passes;
  return { parts, mean, longest: Math.max(...times) };
}

Deno.test("PrefillBudget gives prompts all rows where nothing decodes", () => {
  const none = { sequences: 0, rows: 0, read: 0 };
  assertEquals(new PrefillBudget(COST).rows(none, 1, 128), 64);
  assertEquals(new PrefillBudget(COST).rows(none, 1, 31), 31);
});

Deno.test("PrefillBudget makes passes 2.2 times as long, on average", () => {
  const { mean, longest } = run(200, 1);
  assertAlmostEquals(mean, 44, 1);
  assert(longest <= 60, `${longest}`);
});

Deno.test("PrefillBudget measures passes by what will decode later", () => {
  // A pass in which 15 more sequences decode takes 34.
  const { mean, parts } = run(200, 1, 15);
  assertAlmostEquals(mean, 2.2 * 34, 1);
  assert(Math.max(...parts) <= 64, `${parts}`);
});

Deno.test("PrefillBudget learns that rows take longer", () => {
  const { parts, mean, longest } = run(200, 2.5);
  assertAlmostEquals(mean, 44, 3);
  assert(longest <= 100, `${longest}`);
  assert(Math.max(...parts.slice(20)) <= 20, `${parts.slice(20)}`);
});

Deno.test("PrefillBudget waits until there is time for the fewest rows", () => {
  const { parts, mean } = run(400, 20);
  assert(parts.slice(20).filter((rows) => rows === 0).length > 200);
  assert(parts.slice(20).some((rows) => rows >= 8), "prompts go on");
  assertAlmostEquals(mean, 44, 4);
});
