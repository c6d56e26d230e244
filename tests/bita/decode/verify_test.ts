import { assertEquals } from "@std/assert";
import type { DraftTree } from "../../../lib/bita/tree/tree.ts";
import { verify } from "../../../lib/bita/decode/verify.ts";

// 10 ─┬─ 11 ─┬─ 13
//     └─ 12  └─ 14
const TREE: DraftTree = {
  parents: Int32Array.of(-1, 0, 0, 1, 1),
  tokens: Int32Array.of(10, 11, 12, 13, 14),
  masks: new Int32Array(5),
};

/** Verifies against a text and records the rows that are read. */
function against(text: (number | undefined)[]) {
  const asked: number[] = [];
  const verified = verify(TREE, (row) => {
    asked.push(row);
    return text[asked.length - 1];
  });
  return { ...verified, asked };
}

Deno.test("verify() stops if no guess is right", () => {
  assertEquals(against([99]), {
    tokens: [99],
    accepted: 0,
    kept: 1,
    drafter: 0,
    hit: false,
    asked: [0],
  });
});

Deno.test("verify() follows the natural chain to its end", () => {
  assertEquals(against([11, 13, 99]), {
    tokens: [11, 13, 99],
    accepted: 2,
    kept: 3,
    drafter: 3,
    hit: false,
    asked: [0, 1, 2],
  });
});

Deno.test("verify() ends at a sibling without reading its row", () => {
  assertEquals(against([11, 14, 99]), {
    tokens: [11, 14],
    accepted: 2,
    kept: 2,
    drafter: 4,
    hit: true,
    asked: [0, 1],
  });
});

Deno.test("verify() ends with the text", () => {
  assertEquals(against([11, undefined]), {
    tokens: [11],
    accepted: 1,
    kept: 2,
    drafter: 1,
    hit: false,
    asked: [0, 1],
  });
});
