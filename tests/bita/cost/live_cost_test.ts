import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { LiveCost } from "../../../lib/bita/cost/live_cost.ts";
import { uniform } from "../../../lib/bita/choose/random.ts";

const ROWS = [1, 4, 8, 16, 31];

/** Returns the true time of rows. */
const truth = (rows: number) => 12 + rows;

/** Returns a cost from samples that are wrong by a factor. */
function measured(wrong: (rows: number) => number): LiveCost {
  const samples = ROWS.map((rows) =>
    [rows, truth(rows) * wrong(rows)] as const
  );
  return new LiveCost({ body: samples, head: [[1, 2], [8, 4]] });
}

/** Learns from passes of some widths whose times have some noise. */
function run(cost: LiveCost, passes: number, widths: number[]): void {
  for (let pass = 0; pass < passes; pass++) {
    const rows = widths[Math.floor(uniform(1, pass) * widths.length)];
    const noise = 2 ** ((uniform(2, pass) - 0.5) * 0.6);
    cost.learn("body", { rows: rows, sequences: 1, ms: truth(rows) * noise });
  }
}

function worst(cost: LiveCost, rows: number[]): number {
  return Math.max(
    ...rows.map((n) => Math.abs(Math.log(cost.body(n) / truth(n)))),
  );
}

Deno.test("LiveCost starts with its samples", () => {
  const { body, head } = measured(() => 1);
  assertEquals(ROWS.map((rows) => body(rows)), ROWS.map(truth));
  assertEquals([1, 8].map((rows) => head(rows)), [2, 4]);
});

Deno.test("LiveCost stays right if the passes agree", () => {
  const cost = measured(() => 1);
  run(cost, 2000, [2, 6, 12, 20, 31]);
  assert(worst(cost, [1, 2, 6, 12, 20, 31]) < 0.1);
});

Deno.test("LiveCost recovers from a busy start", () => {
  const busy = [() => 4, (rows: number) => 1 + rows / 4];
  for (const wrong of busy) {
    const cost = measured(wrong);
    run(cost, 1500, [2, 6, 12, 20, 31]);
    const off = worst(cost, [2, 6, 12, 20, 31]);
    assert(off < 0.12, `${off}`);
  }
});

Deno.test("LiveCost learns half for widths that never run", () => {
  const cost = measured(() => 4);
  run(cost, 1000, [1]);
  assertAlmostEquals(Math.log2(cost.body(31) / truth(31)), 1, 0.15);
});

Deno.test("LiveCost changes little after one slow pass", () => {
  const cost = measured(() => 1);
  cost.learn("body", { rows: 8, sequences: 1, ms: 10_000 });
  assert(worst(cost, ROWS) < 0.05);
});

Deno.test("LiveCost separates body and head and ignores unmeasured widths", () => {
  const cost = measured(() => 1);
  const before = cost.head(4);
  cost.learn("head", { rows: 4, sequences: 1, ms: 99 });
  cost.learn("body", { rows: 32, sequences: 1, ms: 1 });
  assertEquals(ROWS.map((rows) => cost.body(rows)), ROWS.map(truth));
  assert(cost.head(4) > before);
});

Deno.test("LiveCost learns the time of rows of several sequences", () => {
  const samples = {
    body: [[2, 10], [32, 40]],
    head: [[2, 1], [32, 2]],
  } as const;
  const cost = new LiveCost(samples);
  assertEquals(cost.body(8, 4), cost.body(8));
  for (let i = 0; i < 100; i++) {
    cost.learn("body", { rows: 8, sequences: 4, ms: 1.5 * cost.body(8) });
  }
  assertAlmostEquals(cost.body(8, 4), 1.5 * cost.body(8), 0.01);
  assertAlmostEquals(cost.body(16, 6), 1.5 * cost.body(16), 0.01);
  assertEquals(cost.body(8, 2), cost.body(8));
});

Deno.test("LiveCost learns the time of a step of the Hydra head", () => {
  const samples = {
    body: [[2, 10], [32, 40]],
    head: [[2, 1], [32, 2]],
  } as const;
  const cost = new LiveCost(samples);
  assertEquals(cost.draft(), 0);
  for (let i = 0; i < 200; i++) {
    cost.learn("draft", { rows: 1, sequences: 1, ms: 0.5 });
  }
  assertAlmostEquals(cost.draft(), 0.5, 0.01);
});
