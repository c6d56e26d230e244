import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Calibration } from "../../lib/bita/calibration.ts";

const TABLE = {
  edges: [1, 3],
  seen: [[[10, 20, 5000], [100, 0, 0]]],
  hits: [[[2, 10, 4500], [9, 0, 0]]],
};

/** What is believed of a guess of mask 0. */
function chance(margin: number, rank = 0): number {
  const { prior } = new Calibration(TABLE).guess({ mask: 0, rank, margin });
  return prior.hits / prior.tries;
}

Deno.test("Calibration believes what was counted, by rank and margin", () => {
  assertAlmostEquals(chance(9), 0.9, 0.001);
  assertAlmostEquals(chance(3), 0.42, 0.01);
  assertAlmostEquals(chance(1), 0.15, 0.01);
  assertAlmostEquals(chance(0.5, 1), 0.0875, 0.001);
});

Deno.test("Calibration tells kinds apart", () => {
  const calibration = new Calibration(TABLE);
  const kinds = [[0, 0, 1], [0, 0, 2], [0, 1, 1], [1, 0, 1]].map((
    [mask, rank, margin],
  ) => calibration.guess({ mask, rank, margin }).kind);
  assertEquals(new Set(kinds).size, 4);
});

Deno.test("Calibration lets experience overrule any count", () => {
  const { prior } = new Calibration(TABLE).guess({
    mask: 0,
    rank: 0,
    margin: 9,
  });
  assertAlmostEquals(prior.tries, 50);
});

Deno.test("Calibration expects of a mask what its best guesses gave", () => {
  assertAlmostEquals(new Calibration(TABLE).best(0), 4512 / 5030, 0.001);
});

Deno.test("Calibration expects little where nothing was counted", () => {
  for (const calibration of [new Calibration(), new Calibration(TABLE)]) {
    for (const mask of [1, 2]) {
      const { prior } = calibration.guess({ mask, rank: 0, margin: 2 });
      assert(prior.hits / prior.tries < 0.05);
      assert(calibration.best(mask) < 0.05);
    }
  }
});
