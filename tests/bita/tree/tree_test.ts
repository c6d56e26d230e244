import { assertEquals, assertThrows } from "@std/assert";
import {
  chain,
  comb,
  depths,
  naturalChain,
  parseShape,
} from "../../../lib/bita/tree/tree.ts";
import { full } from "../_shape_planner.ts";

Deno.test("comb() adds children only to the best guess of a level", () => {
  assertEquals([...comb([3, 2, 1])], [-1, 0, 0, 0, 1, 1, 4]);
});

Deno.test("comb() accepts any widths", () => {
  assertEquals([...comb([1, 3, 2])], [-1, 0, 1, 1, 1, 2, 2]);
  assertEquals([...comb([])], [-1]);
});

Deno.test("chain() is one branch", () => {
  assertEquals([...chain(3)], [-1, 0, 1, 2]);
});

Deno.test("full() adds children to every guess", () => {
  assertEquals([...full(2, 2)], [-1, 0, 0, 1, 1, 2, 2]);
});

Deno.test("parseShape() reads widths by depth", () => {
  assertEquals(parseShape("3-1"), [3, 1]);
  assertEquals(parseShape("paper"), [5, 4, 3]);
  assertEquals(parseShape("12"), [12]);
});

Deno.test("parseShape() throws on text that is not a shape", () => {
  for (
    const text of ["", "0", "5-0", "5-", "-5", "100", "a", "1-1-1-1-1-1-1-1-1"]
  ) {
    assertThrows(() => parseShape(text), SyntaxError, JSON.stringify(text));
  }
});

Deno.test("depths() counts edges to the root", () => {
  assertEquals([...depths(comb([3, 2, 1]))], [0, 1, 1, 1, 2, 2, 3]);
});

Deno.test("naturalChain() follows first children", () => {
  assertEquals(naturalChain(comb([3, 2, 1])), [0, 1, 4, 6]);
  assertEquals(naturalChain(Int32Array.of(-1, 0, 0, 2, 1, 4)), [0, 1, 4, 5]);
});
