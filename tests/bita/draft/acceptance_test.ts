import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  Acceptance,
  type Drafter,
  guessed,
  type Kind,
  kindOf,
} from "../../../lib/bita/draft/acceptance.ts";

/** Returns a kind of guess with a prior of one half. */
function even(drafter: Drafter, tries = 4): Kind {
  return kindOf(drafter, 0, { hits: tries / 2, tries });
}

Deno.test("Acceptance starts from the prior", () => {
  const copy = kindOf("ngram", 1, { hits: 1, tries: 4 });
  assertEquals(new Acceptance().chance(copy), 0.25);
});

Deno.test("Acceptance keeps a strong prior longer than a weak one", () => {
  const acceptance = new Acceptance();
  const weak = even("ngram", 2), strong = even("mask", 50);
  for (let i = 0; i < 10; i++) {
    acceptance.learn(weak, true);
    acceptance.learn(strong, true);
  }
  assertAlmostEquals(acceptance.chance(weak), 11 / 12);
  assertAlmostEquals(acceptance.chance(strong), 35 / 60);
});

Deno.test("Acceptance converges to the observed rate", () => {
  const acceptance = new Acceptance();
  const copy = even("ngram");
  for (let i = 0; i < 1000; i++) acceptance.learn(copy, i % 4 === 0);
  assertAlmostEquals(acceptance.chance(copy), 0.25, 0.02);
  assertEquals(acceptance.chance(even("mask")), 0.5);
});

Deno.test("Acceptance forgets old guesses", () => {
  const acceptance = new Acceptance();
  const copy = even("ngram");
  for (let i = 0; i < 5000; i++) acceptance.learn(copy, true);
  for (let i = 0; i < 500; i++) acceptance.learn(copy, false);
  assert(acceptance.chance(copy) < 0.1);
});

Deno.test("Acceptance separates all kinds, including joined and unlisted ones", () => {
  const acceptance = new Acceptance();
  const half = guessed(0.5);
  const single = [
    kindOf("mask", 0, half),
    kindOf("mask", 31, half),
    kindOf("hydra", 0, half),
    kindOf("recycle", 31, half),
  ];
  const joined = single.flatMap((one) =>
    single.map((other) => acceptance.agreed(one, other))
  );
  const triple = joined.map((one) => acceptance.agreed(one, single[0]));
  const all = [...single, ...joined, ...triple];
  const kinds = [...all, ...all.map((kind) => acceptance.unlisted(kind))];
  assertEquals(new Set(kinds.map(({ key }) => key)).size, kinds.length);
  const most = Array.from({ length: 4 }, () => single[3])
    .reduce((one, other) => acceptance.agreed(one, other), single[3]);
  assert(Number.isSafeInteger(acceptance.unlisted(most).key));
});

Deno.test("Acceptance expects more of a guess that two drafters make", () => {
  const acceptance = new Acceptance();
  const agreed = acceptance.agreed(even("mask"), even("ngram"));
  assertEquals(agreed.drafters, ["mask", "ngram"]);
  assertAlmostEquals(acceptance.chance(agreed), 0.75);
  const unlisted = acceptance.unlisted(even("ngram"));
  assertAlmostEquals(acceptance.chance(unlisted), 0.4);
});
