import { assertEquals } from "@std/assert";
import { SuccessorTable } from "../../../lib/bita/draft/successors.ts";

Deno.test("SuccessorTable lists the last four successors of a token, the latest first", () => {
  const table = new SuccessorTable(9);
  assertEquals(table.of(3), []);
  for (const next of [1, 2, 1, 4, 5, 0]) table.learn(3, next);
  assertEquals(table.of(3), [0, 5, 4, 1]);
  assertEquals(table.of(2), []);
  assertEquals(table.of(4), []);
});

Deno.test("SuccessorTable counts how often in a row the latest successor occurs again", () => {
  const table = new SuccessorTable(8);
  const confidences = [2, 2, 2, 2, 2, 5, 5].map((next) => {
    table.learn(3, next);
    return table.confidence(3);
  });
  assertEquals(confidences, [0, 1, 2, 3, 3, 0, 1]);
});
