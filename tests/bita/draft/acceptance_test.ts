import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Acceptance, type Guess } from "../../../lib/bita/draft/acceptance.ts";

/** A guess of some kind that is believed to be right half the time. */
function guess(kind: string, tries = 4): Guess {
  return { kind, prior: { hits: tries / 2, tries } };
}

Deno.test("Acceptance starts from what is believed", () => {
  const acceptance = new Acceptance();
  const prior = { hits: 1, tries: 4 };
  assertEquals(acceptance.chance({ kind: "copy", prior }), 0.25);
});

Deno.test("Acceptance leaves a strong belief later than a weak one", () => {
  const acceptance = new Acceptance();
  const weak = guess("weak", 2), strong = guess("strong", 50);
  for (let i = 0; i < 10; i++) {
    acceptance.learn(weak, true);
    acceptance.learn(strong, true);
  }
  assertAlmostEquals(acceptance.chance(weak), 11 / 12);
  assertAlmostEquals(acceptance.chance(strong), 35 / 60);
});

Deno.test("Acceptance comes to what it sees", () => {
  const acceptance = new Acceptance();
  const copy = guess("copy");
  for (let i = 0; i < 1000; i++) acceptance.learn(copy, i % 4 === 0);
  assertAlmostEquals(acceptance.chance(copy), 0.25, 0.02);
  assertEquals(acceptance.chance(guess("mask")), 0.5);
});

Deno.test("Acceptance forgets what is long ago", () => {
  const acceptance = new Acceptance();
  const copy = guess("copy");
  for (let i = 0; i < 5000; i++) acceptance.learn(copy, true);
  for (let i = 0; i < 500; i++) acceptance.learn(copy, false);
  assert(acceptance.chance(copy) < 0.1);
});
