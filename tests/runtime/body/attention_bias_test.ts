import { assertEquals } from "@std/assert";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import {
  attentionBias,
  foldBias,
  windowBias,
} from "../../../lib/runtime/body/attention_bias.ts";

/** Draws a bias, one row a line: "#" where it attends, "." where not. */
function draw(bias: Float32Array, rows: number): string[] {
  const total = bias.length / rows;
  const cells = Array.from(bias, (x) => x === 0 ? "#" : x === -1e4 ? "." : "?");
  return Array.from(
    { length: rows },
    (_, row) => cells.slice(row * total, (row + 1) * total).join(""),
  );
}

/** A root with a natural child, a sibling of it, and two masks of the root. */
const step = {
  start: 5,
  ...layOut({
    parents: Int32Array.of(-1, 0, 0),
    tokens: Int32Array.of(5, 6, 7),
    masks: Int32Array.of(2, 0, 0),
  }),
};

Deno.test("attentionBias() shows a row the text and its own path", () => {
  assertEquals(draw(attentionBias(step, { rows: 5, softPrompt: 0 }), 5), [
    "######....", // root
    "#######...", // natural child
    "######.#..", // sibling
    "######..#.", // first mask
    "######..##", // second mask
  ]);
});

Deno.test("attentionBias() shows the soft prompt to mask rows alone", () => {
  assertEquals(draw(attentionBias(step, { rows: 5, softPrompt: 2 }), 5), [
    "..####....",
    "..#####...",
    "..####.#..",
    "######..#.",
    "######..##",
  ]);
});

Deno.test("foldBias() shows copies of rows what the rows see", () => {
  const tokens = Int32Array.of(5, 6);
  const parents = Int32Array.of(-1, 0);
  const bias = attentionBias({ start: 2, tokens, parents }, {
    rows: 2,
    softPrompt: 1,
  });
  const folded = foldBias(bias, { start: 2, width: 2, copies: 3 });
  const two = [".##.....", ".###...."];
  assertEquals(draw(folded, 6), [...two, ...two, ...two]);
});

Deno.test("attentionBias() hides padding from every row of the step", () => {
  const tokens = Int32Array.of(5);
  const parents = Int32Array.of(-1);
  const bias = attentionBias({ start: 2, tokens, parents }, {
    rows: 3,
    softPrompt: 1,
  });
  const [row] = draw(bias, 3);
  assertEquals(row, ".##..");
});

Deno.test("attentionBias() works with no text before the step", () => {
  const tokens = Int32Array.of(5, 6);
  const parents = Int32Array.of(-1, 0);
  const step = { start: 0, tokens, parents };
  assertEquals(draw(attentionBias(step, { rows: 2, softPrompt: 0 }), 2), [
    "#.",
    "##",
  ]);
});

Deno.test("windowBias() shows a row the last tokens of its own path", () => {
  const bias = attentionBias(step, { rows: 5, softPrompt: 0 });
  const narrow = windowBias(bias, {
    start: 5,
    rows: 5,
    positions: Int32Array.of(5, 6, 6, 6, 7),
    softPrompt: 0,
    size: 2,
  });
  assertEquals(draw(narrow, 5), [
    "....##....", // root
    ".....##...", // natural child
    ".....#.#..", // sibling
    ".....#..#.", // first mask
    "........##", // second mask
  ]);
});

Deno.test("windowBias() keeps a soft prompt in sight, whose slots shift the text", () => {
  const bias = attentionBias(step, { rows: 5, softPrompt: 2 });
  const narrow = windowBias(bias, {
    start: 5,
    rows: 5,
    positions: Int32Array.of(3, 4, 4, 4, 5),
    softPrompt: 2,
    size: 3,
  });
  assertEquals(draw(narrow, 5), [
    "...###....",
    "....###...",
    "....##.#..",
    "##..##..#.",
    "##...#..##",
  ]);
});
