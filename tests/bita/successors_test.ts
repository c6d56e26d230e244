import { assertEquals } from "@std/assert";
import { SuccessorTable } from "../../lib/bita/successors.ts";

Deno.test("SuccessorTable remembers the last prediction behind a token", () => {
  const table = new SuccessorTable(8);
  assertEquals(table.of(3), []);
  table.learn(3, [1, 2, 4, 5]);
  assertEquals(table.of(3), [1, 2, 4, 5]);
  assertEquals(table.of(2), []);
  table.learn(3, [7, 1]);
  assertEquals(table.of(3), [7, 1]);
});

Deno.test("SuccessorTable counts how often the best one was confirmed", () => {
  const table = new SuccessorTable(8);
  const confidences = [2, 2, 2, 2, 2, 5, 5].map((best) => {
    table.learn(3, [best, 1]);
    return table.confidence(3);
  });
  assertEquals(confidences, [0, 1, 2, 3, 3, 0, 1]);
});
