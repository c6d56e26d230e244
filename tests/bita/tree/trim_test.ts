import { assertEquals, assertStrictEquals } from "@std/assert";
import { type DraftTree, trim } from "../../../lib/bita/tree/tree.ts";

// 10 ─┬─ 11 ─┬─ 13
//     └─ 12  └─ 14     each with 2 masks: 15 rows
const TREE: DraftTree = {
  parents: Int32Array.of(-1, 0, 0, 1, 1),
  tokens: Int32Array.of(10, 11, 12, 13, 14),
  masks: new Int32Array(5).fill(2),
};

/** Returns the tokens of a tree with their masks. */
function draw({ tokens, masks }: DraftTree): string {
  return [...tokens].map((token, node) => token + "m".repeat(masks[node]))
    .join(" ");
}

Deno.test("trim() returns a tree that fits unchanged", () => {
  assertStrictEquals(trim(TREE, 15), TREE);
});

Deno.test("trim() drops nodes and masks in order", () => {
  const drawn = Array.from({ length: 14 }, (_, i) => draw(trim(TREE, 14 - i)));
  assertEquals(drawn, [
    "10mm 11mm 12mm 13mm 14m",
    "10mm 11mm 12mm 13mm 14",
    "10mm 11mm 12m 13mm 14",
    "10mm 11mm 12 13mm 14",
    "10mm 11mm 12 13mm",
    "10mm 11mm 13mm",
    "10mm 11mm 13m",
    "10mm 11mm 13",
    "10mm 11m 13",
    "10mm 11 13",
    "10m 11 13",
    "10 11 13",
    "10 11",
    "10",
  ]);
});

Deno.test("trim() keeps the right parents when it drops nodes", () => {
  // A chain 0-1-3 whose node 2 is off it.
  const tree = {
    parents: Int32Array.of(-1, 0, 0, 1),
    tokens: Int32Array.of(10, 11, 12, 13),
    masks: new Int32Array(4),
  };
  assertEquals([...trim(tree, 3).parents], [-1, 0, 1]);
});
