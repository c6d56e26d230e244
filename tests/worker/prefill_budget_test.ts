import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { PrefillBudget } from "../../lib/worker/prefill_budget.ts";

/** A pass takes 18, and each row 1. */
const COST = { body: (rows: number) => 18 + rows, head: () => 0 };
const ONE = { sequences: 1, rows: 1, read: 1 };
const NONE = { sequences: 0, rows: 0, read: 0 };

/**
 * Runs passes of one sequence that decodes, beside prompts whose rows take `perRow`;
 * returns their rows and the mean pass.
 */
function run(passes: number, { perRow = 1, prompts = 1, start = 0 } = {}) {
  const budget = new PrefillBudget(COST);
  const parts: number[] = [];
  const times: number[] = [];
  const waiting = new Array(prompts).fill({ start, rows: 1000 });
  for (let pass = 0; pass < passes; pass++) {
    const shares = budget.share(ONE, waiting, 128);
    const rows = shares.reduce((sum, rows) => sum + rows);
    const ms = 19 + perRow * rows;
    budget.spend(
      ONE,
      shares.filter((rows) => rows > 0).map((rows) => ({ start, rows })),
      ms,
    );
    parts.push(rows);
    times.push(ms);
  }
  const mean = times.reduce((sum, ms) => sum + ms) / passes;
  return { parts, mean, longest: Math.max(...times) };
}

Deno.test("PrefillBudget gives prompts all rows where nothing decodes", () => {
  const prompt = { start: 0, rows: 1000 };
  assertEquals(new PrefillBudget(COST).share(NONE, [prompt], 128), [64]);
  assertEquals(new PrefillBudget(COST).share(NONE, [prompt], 31), [31]);
});

Deno.test("PrefillBudget makes passes after long texts narrower", () => {
  const prompt = { start: 7000, rows: 1000 };
  const [rows] = new PrefillBudget(COST).share(NONE, [prompt], 128);
  assert(rows >= 8 && rows < 32, `${rows}`);
});

Deno.test("PrefillBudget serves the first prompt first where nothing decodes", () => {
  const long = { start: 5000, rows: 1000 };
  const short = { start: 0, rows: 45 };
  const budget = new PrefillBudget(COST);
  assertEquals(budget.share(NONE, [short, long], 128), [45, 0]);
  const [rows, others] = budget.share(NONE, [long, short], 128);
  assert(rows >= 8 && others < 8, `${rows}, ${others}`);
});

Deno.test("PrefillBudget shares what decoding leaves between two prompts", () => {
  const long = { start: 0, rows: 1000 };
  const short = { start: 0, rows: 12 };
  for (const [line, at] of [[[long, short], 1], [[short, long], 0]] as const) {
    const rows = new PrefillBudget(COST).share(ONE, line, 128);
    assertEquals(rows[at], 12, "the short prompt is read at once");
    assert(rows[1 - at] >= 8, "the long one goes on");
  }
});

Deno.test("PrefillBudget fills a pass with several short prompts", () => {
  const prompt = { start: 0, rows: 20 };
  const rows = new PrefillBudget(COST)
    .share(NONE, new Array(5).fill(prompt), 128);
  assertEquals(rows, [20, 20, 20, 4, 0]);
});

Deno.test("PrefillBudget makes passes 2.2 times as long, on average", () => {
  const { mean, longest } = run(200);
  assertAlmostEquals(mean, 2.2 * 19, 1);
  assert(longest <= 60, `${longest}`);
});

Deno.test("PrefillBudget measures passes by what decodes beside the last prompt", () => {
  // A pass in which 14 more sequences decode takes 33.
  const { mean, parts } = run(200, { prompts: 15 });
  assertAlmostEquals(mean, 2.2 * 33, 1);
  assert(Math.max(...parts) <= 64, `${parts}`);
});

Deno.test("PrefillBudget learns that rows take longer", () => {
  const { parts, mean, longest } = run(200, { perRow: 2.5 });
  assertAlmostEquals(mean, 2.2 * 19, 3);
  assert(longest <= 100, `${longest}`);
  assert(Math.max(...parts.slice(20)) <= 20, `${parts.slice(20)}`);
});

Deno.test("PrefillBudget waits until there is time for the fewest rows", () => {
  for (const options of [{ perRow: 20 }, { perRow: 6, start: 5000 }]) {
    const { parts, mean } = run(400, options);
    assert(parts.slice(20).filter((rows) => rows === 0).length > 200);
    assert(parts.slice(20).some((rows) => rows >= 8), "prompts go on");
    assert(mean > 30 && mean < 46, `${mean}`);
  }
});
