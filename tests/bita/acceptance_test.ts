import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Acceptance } from "../../lib/bita/acceptance.ts";

Deno.test("Acceptance starts from the prior chance", () => {
  const acceptance = new Acceptance((kind) => kind === "sure" ? 1 : 0.25);
  assertEquals(acceptance.chance("sure"), 1);
  assertEquals(acceptance.chance("other"), 0.25);
});

Deno.test("Acceptance comes to what it sees", () => {
  const acceptance = new Acceptance(() => 0.9);
  for (let i = 0; i < 1000; i++) acceptance.learn("copy", i % 4 === 0);
  assertAlmostEquals(acceptance.chance("copy"), 0.25, 0.02);
  assertEquals(acceptance.chance("mask"), 0.9);
});

Deno.test("Acceptance forgets what is long ago", () => {
  const acceptance = new Acceptance(() => 0.5);
  for (let i = 0; i < 5000; i++) acceptance.learn("copy", true);
  for (let i = 0; i < 500; i++) acceptance.learn("copy", false);
  assert(acceptance.chance("copy") < 0.1);
});
