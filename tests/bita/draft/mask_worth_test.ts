import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Calibration } from "../../../lib/bita/draft/calibration.ts";
import { MaskWorth } from "../../../lib/bita/draft/mask_worth.ts";

/** Returns the worth of two masks whose best guesses are right half the time. */
function worth(): MaskWorth {
  const half = [[[1000]], [[1000]]];
  const hits = [[[500]], [[500]]];
  const table = { shares: [], seen: half, hits };
  return new MaskWorth(2, new Calibration(table));
}

Deno.test("MaskWorth first expects to gain a part of the right guesses", () => {
  assertAlmostEquals(worth().gain(0), 0.3 * 0.5, 0.01);
  assertAlmostEquals(worth().gain(1), 0.3 * 0.25, 0.01);
});

Deno.test("MaskWorth converges to the gain of the passes", () => {
  const masks = worth();
  for (let pass = 0; pass < 500; pass++) {
    masks.learn(0, pass % 2);
    masks.learn(1, 0.7);
    masks.learn(2, 0.75);
  }
  assertAlmostEquals(masks.gain(0), 0.2, 0.02);
  assertAlmostEquals(masks.gain(1), 0.75 - 0.7, 0.02);
  for (let pass = 0; pass < 500; pass++) masks.learn(1, 0);
  assertEquals(masks.gain(0), 0);
});

Deno.test("MaskWorth sometimes tries a mask that does not pay", () => {
  const masks = worth();
  const tries = Array.from({ length: 640 }, () => masks.tries());
  assertEquals(tries.filter(Boolean).length, 10);
});
