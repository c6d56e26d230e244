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
