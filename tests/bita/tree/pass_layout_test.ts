import { assertEquals } from "@std/assert";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";

/** Draws a line for each row: "#" is a row on its path, and "." any other. */
function drawPaths(parents: Int32Array): string[] {
  const lines: string[][] = [];
  for (const [row, parent] of parents.entries()) {
    lines.push([...lines[parent] ?? ".".repeat(parents.length)]);
    lines[row][row] = "#";
  }
  return lines.map((line) => line.join(""));
}

Deno.test("layOut() puts a single root into one row", () => {
  const { tokens, parents, naturalRows } = layOut({
    parents: chain(0),
    tokens: Int32Array.of(7),
    masks: Int32Array.of(0),
  });
  assertEquals(tokens, Int32Array.of(7));
  assertEquals(parents, Int32Array.of(-1));
  assertEquals(naturalRows, 1);
});

Deno.test("layOut() orders the natural chain, the other nodes and the masks", () => {
  // 0 ─┬─ 1 ─┬─ 3
  //    └─ 2  └─ 4     masks: 2 after node 0, 1 after node 2, 2 after node 3
  const { tokens, parents, naturalRows, nodeRows, maskRows } = layOut({
    parents: Int32Array.of(-1, 0, 0, 1, 1),
    tokens: Int32Array.of(10, 11, 12, 13, 14),
    masks: Int32Array.of(2, 0, 1, 2, 0),
  });
  assertEquals([...tokens], [10, 11, 13, 12, 14, -1, -2, -1, -1, -2]);
  assertEquals(drawPaths(parents), [
    "#.........", // 10
    "##........", // 11
    "###.......", // 13
    "#..#......", // 12, off the chain
    "##..#.....", // 14, off the chain
    "#....#....", // 10's first mask
    "#....##...", // 10's second
    "#..#...#..", // 12's
    "###.....#.", // 13's first
    "###.....##", // 13's second
  ]);
  assertEquals(naturalRows, 3);
  assertEquals([...nodeRows], [0, 1, 3, 2, 4]);
  assertEquals([...maskRows].filter((_, node) => [0, 2, 3].includes(node)), [
    5,
    7,
    8,
  ]);
});

Deno.test("layOut() puts the tokens before the root into rows before its own", () => {
  const { tokens, parents, naturalRows, nodeRows, maskRows } = layOut({
    parents: Int32Array.of(-1, 0, 0),
    tokens: Int32Array.of(10, 11, 12),
    masks: Int32Array.of(1, 0, 0),
  }, Int32Array.of(8, 9));
  assertEquals([...tokens], [8, 9, 10, 11, 12, -1]);
  assertEquals(drawPaths(parents), [
    "#.....", // 8
    "##....", // 9
    "###...", // 10, the root
    "####..", // 11
    "###.#.", // 12, off the chain
    "###..#", // 10's mask
  ]);
  assertEquals(naturalRows, 2);
  assertEquals([...nodeRows], [2, 3, 4]);
  assertEquals(maskRows[0], 5);
});
