import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Cost, costCurve } from "../../../lib/bita/cost/cost_curve.ts";
import { guessed, kindOf } from "../../../lib/bita/draft/acceptance.ts";
import type { Level } from "../../../lib/bita/draft/guesses.ts";
import { payingWidths } from "../../../lib/bita/draft/paying_widths.ts";

/** Returns levels of guesses with these chances, the highest first. */
function levels(...chances: number[][]): Level[] {
  let reach = 1;
  return chances.map((level) => {
    const guesses = level.map((chance, token) => (
      { token, chance, kind: kindOf("ngram", 0, guessed(chance)) }
    ));
    const found = { reach, guesses };
    reach *= level[0];
    return found;
  });
}

/** Returns the price of rows by their time, at a pace in tokens per unit of time. */
function priced(
  { body, head }: Cost,
  pace: number,
): { of(rows: number, read: number): number } {
  return { of: (rows, read) => pace * (body(rows) + head(read)) };
}

/** Rows are free up to `free`. Each further one takes as long as all of these. */
function freeUpTo(free: number) {
  return { body: costCurve([[free, 1], [free + 1, 2]]), head: () => 0 };
}

const TWO = levels([0.6, 0.3, 0.1], [0.5, 0.4]);

Deno.test("payingWidths() takes the best guesses for the free rows", () => {
  const widths = (free: number) =>
    payingWidths(TWO, { price: priced(freeUpTo(free), 1), maxRows: 99 });
  assertEquals(widths(1), []);
  assertEquals(widths(2), [1]); // 0.6
  assertEquals(widths(3), [1, 1]); // 0.6 * 0.5
  assertEquals(widths(4), [2, 1]); // half of 0.3
  assertEquals(widths(5), [2, 2]); // half of 0.6 * 0.4
  assertEquals(widths(99), [3, 2]);
});

Deno.test("payingWidths() respects the most rows", () => {
  const options = { price: priced(freeUpTo(99), 1) };
  assertEquals(payingWidths(TWO, { ...options, maxRows: 1 }), []);
  assertEquals(payingWidths(TWO, { ...options, maxRows: 3 }), [1, 1]);
});

Deno.test("payingWidths() takes two rows that only pay together", () => {
  const body = costCurve([[1, 10], [2, 17], [3, 17.1], [4, 99]]);
  const price = priced({ body, head: () => 0 }, 0.15);
  const options = { price, maxRows: 9 };
  const sure = levels([0.9], [0.9]);
  assertEquals(payingWidths(sure, options), [1, 1]);
  assertEquals(payingWidths(sure.slice(0, 1), options), []);
});

Deno.test("payingWidths() charges for reading the best row of a level", () => {
  const cost = { body: () => 1, head: costCurve([[1, 1], [3, 3]]) };
  const at = (pace: number) => ({ price: priced(cost, pace), maxRows: 9 });
  const path = levels([0.6], [0.5]);
  assertEquals(payingWidths(path, at(0.2)), [1, 1]);
  assertEquals(payingWidths(path, at(0.5)), [1]);
});

Deno.test("payingWidths() skips no level and exceeds no level's guesses", () => {
  const chance = fc.double({ min: 0.001, max: 1, noNaN: true });
  const level = fc.array(chance, { minLength: 1, maxLength: 5 })
    .map((chances) => chances.sort((a, b) => b - a));
  fc.assert(fc.property(
    fc.array(level, { maxLength: 6 }),
    fc.double({ min: 0, max: 2, noNaN: true }),
    fc.integer({ min: 1, max: 12 }),
    (chances, pace, maxRows) => {
      const found = levels(...chances);
      const cost = { body: costCurve([[1, 1], [9, 3]]), head: () => 0 };
      const widths = payingWidths(found, {
        price: priced(cost, pace),
        maxRows,
      });
      const rows = widths.reduce((sum, width) => sum + width, 1);
      return rows <= maxRows && widths.length <= found.length &&
        Array.from(widths).every((width, depth) =>
          width >= 1 && width <= found[depth].guesses.length
        );
    },
  ));
});
