import { assertEquals } from "@std/assert";
import {
  headLists,
  type LaneRows,
  rowLists,
} from "../../../lib/runtime/body/lane_lists.ts";

/** Two rows of one sequence, one of another, and an idle sequence. */
const LANES: LaneRows[] = [
  { first: 0, count: 2, width: 2 },
  { first: 2, count: 1, width: 2 },
  { first: 0, count: 0, width: 2 },
];

Deno.test("rowLists() repeats the last row, and puts outputs in the pass's order", () => {
  const { taken, order } = rowLists(LANES, { rows: 3 });
  assertEquals(taken.map(({ data }) => [...data as BigInt64Array]), [
    [0n, 1n],
    [2n, 2n],
    [0n, 0n],
  ]);
  assertEquals([...order.data as BigInt64Array], [0n, 1n, 2n]);
});

Deno.test("headLists() makes rows of the query heads that share keys, and heads again", () => {
  const [heads, kvHeads, rows] = [6, 2, 3];
  const lanes = LANES.map((lane, i) => i > 0 ? { ...lane, width: 1 } : lane);
  const { taken, order } = headLists(lanes, { rows, heads, kvHeads });
  const name = (row: number, head: number) =>
    `${row}${head < heads ? `q${head}` : head < heads + kvHeads ? "k" : "v"}`;
  const names = taken.map(({ data }) =>
    Array.from(data as Int32Array, (at) => name(Math.floor(at / 10), at % 10))
  );
  assertEquals(names[0].join(" ").split(/ (?=\d+q[012])/), [
    "0q0 0q3 0k 0k 0v 0v",
    "1q0 1q3 1k 1k 1v 1v",
    "0q1 0q4 0k 0k 0v 0v",
    "1q1 1q4 1k 1k 1v 1v",
    "0q2 0q5 0k 0k 0v 0v",
    "1q2 1q5 1k 1k 1v 1v",
  ]);
  assertEquals(names[1].length, 3 * 3 * kvHeads);

  // An output of attention has the name of its query.
  const outputs = names.flatMap((list) =>
    list.filter((name) => /q/.test(name))
  );
  assertEquals(
    Array.from(order.data as Int32Array, (at) => outputs[at]),
    Array.from(
      { length: rows * heads },
      (_, i) => name(Math.floor(i / heads), i % heads),
    ),
  );
});
