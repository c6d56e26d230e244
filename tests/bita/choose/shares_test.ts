import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { shares } from "../../../lib/bita/choose/shares.ts";

const ids = (...tokens: number[]) => Int32Array.from(tokens);

Deno.test("shares() are 1 in all, in the proportions of the answers", () => {
  const answers = [ids(1), ids(2), ids(3, 4)];
  const logs = [0.2, 0.1, 0.1].map(Math.log);
  const [first, second, third] = shares(answers, logs);
  assertAlmostEquals(first, 0.5, 1e-12);
  assertAlmostEquals(second, 0.25, 1e-12);
  assertAlmostEquals(third, 0.25, 1e-12);
});

Deno.test("shares() do not count a text for an answer and for a longer one", () => {
  // "a" in 60 % of all texts: 10 % of all go on with "b", 5 % of them with "c".
  const answers = [ids(1), ids(1, 2), ids(1, 2, 3), ids(9)];
  const logs = [0.6, 0.1, 0.05, 0.2].map(Math.log);
  const expected = [0.5, 0.05, 0.05, 0.2].map((share) => share / 0.8);
  for (const [i, share] of shares(answers, logs).entries()) {
    assertAlmostEquals(share, expected[i], 1e-12, String(i));
  }
});

Deno.test("shares() tell tokens apart that are spelled alike", () => {
  const [first] = shares([ids(1), ids(12)], [Math.log(0.5), Math.log(0.5)]);
  assertEquals(first, 0.5);
});

Deno.test("shares() of equal answers are equal, and a longer one counts once", () => {
  const answers = [ids(5), ids(5), ids(6), ids(6, 7), ids(6, 7)];
  const logs = [0.2, 0.2, 0.4, 0.1, 0.1].map(Math.log);
  const all = shares(answers, logs);
  assertEquals(all[0], all[1]);
  assertAlmostEquals(all[2] / all[3], 3, 1e-9);
  assertEquals(all[3], all[4]);
});

Deno.test("shares() of improbable answers are numbers, too", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 4 }),
          fc.double({ min: -5000, max: 0, noNaN: true }),
        ),
        { minLength: 2, maxLength: 9 },
      ),
      (drawn) => {
        const all = shares(
          drawn.map(([tokens]) => ids(...tokens)),
          drawn.map(([, logprob]) => logprob),
        );
        assert(all.every((share) => share >= 0 && share <= 1));
        assertAlmostEquals(all.reduce((sum, share) => sum + share), 1, 1e-9);
      },
    ),
    { seed: 2401, numRuns: 300 },
  );
});
