import { assertEquals } from "@std/assert";
import { breakEven, readCost } from "../../../lib/prefix/store/read_cost.ts";

Deno.test("readCost() separates the cost of each block from that of the call", () => {
  assertEquals(readCost(5, { count: 8, ms: 19 }), { baseMs: 3, blockMs: 2 });
  assertEquals(readCost(5, { count: 8, ms: 4 }), { baseMs: 5, blockMs: 0 });
});

Deno.test("breakEven() is the first length that is read faster", () => {
  const read = { baseMs: 30, blockMs: 5 };
  const blocks = breakEven({ read, computeMs: 15 });
  assertEquals(blocks, 4);
  const gains = [3, 4].map((n) => 15 * n - (30 + 5 * n));
  assertEquals(gains, [0, 10]);
});

Deno.test("breakEven() is one block where reading costs next to nothing", () => {
  const read = { baseMs: 0, blockMs: 0.1 };
  assertEquals(breakEven({ read, computeMs: 15 }), 1);
});

Deno.test("breakEven() is infinite where a block is computed faster", () => {
  const read = { baseMs: 0, blockMs: 5 };
  assertEquals(breakEven({ read, computeMs: 5 }), Infinity);
});
