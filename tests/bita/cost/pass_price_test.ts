import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ALONE, PassPrice } from "../../../lib/bita/cost/pass_price.ts";

/** A pass takes 8, plus 1 for each row and 1 for each row that is read. */
const COST = { body: (rows: number) => 8 + rows, head: (rows: number) => rows };

Deno.test("PassPrice starts with the pace of plain passes", () => {
  const price = new PassPrice(COST);
  assertAlmostEquals(price.pace, 1 / 10);
  assertAlmostEquals(price.of(1, 1), 1);
  assertAlmostEquals(price.ofRow(1, 1), 2 / 10);
});

Deno.test("PassPrice rises if drafts gain more tokens in a millisecond", () => {
  const price = new PassPrice(COST);
  for (let i = 0; i < 100; i++) price.learn(3, { rows: 3, read: 3 });
  assertAlmostEquals(price.pace, 3 / 14, 1e-3);
  for (let i = 0; i < 200; i++) price.learn(1, { rows: 9, read: 9 });
  assertAlmostEquals(price.pace, 1 / 10);
});

Deno.test("PassPrice charges a row for the time of all sequences in the pass", () => {
  let beside = ALONE;
  const price = new PassPrice(COST, () => beside);
  const alone = price.ofRow(1, 1);
  assert(!price.isShared);
  beside = { sequences: 7, rows: 7, read: 7 };
  assertEquals(price.ofRow(1, 1), alone, "the price changed within a pass");
  price.next();
  assert(price.isShared);
  // Eight tokens take 24, so the two milliseconds of a row cost two thirds of a token,
  // and a third more for each of the seven others.
  assertAlmostEquals(price.ofRow(1, 1), 2 / 3 * (1 + 7 / 3));
});

Deno.test("PassPrice charges for a step of the Hydra head", () => {
  const alone = new PassPrice(COST);
  assertAlmostEquals(alone.ofDraftedRow(1, 1), alone.ofRow(1, 1));
  const cost = { ...COST, draft: () => 2 };
  assertAlmostEquals(new PassPrice(cost).ofDraftedRow(1, 1), (2 + 2) / 10);
});

Deno.test("PassPrice keeps apart what drafts gain alone and beside others", () => {
  let beside = ALONE;
  const price = new PassPrice(COST, () => beside);
  for (let i = 0; i < 100; i++) price.learn(3, { rows: 3, read: 3 });
  const alone = price.ofRow(1, 1);
  beside = { sequences: 1, rows: 1, read: 1 };
  price.next();
  const fresh = new PassPrice(COST, () => beside);
  fresh.next();
  assertEquals(price.ofRow(1, 1), fresh.ofRow(1, 1));
  for (let i = 0; i < 100; i++) price.learn(1, { rows: 1, read: 1 });
  beside = ALONE;
  price.next();
  assertEquals(price.ofRow(1, 1), alone);
});
