import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type TopK, topK } from "../../../lib/bita/choose/top_k.ts";

function rounded({ shares }: TopK): number[] {
  return shares.map((share) => Math.round(1000 * share) / 1000);
}

Deno.test("topK() lists the best first, the lower id on a tie", () => {
  const row = Float32Array.of(1, 3, 2, 3, 0);
  assertEquals(topK(row, 3).ids, [1, 3, 2]);
  assertEquals(topK(row, 99).ids, [1, 3, 2, 0, 4]);
});

Deno.test("topK() returns how sure the row is", () => {
  const row = Float32Array.from([1, 5, 3, 1], Math.log);
  assertEquals(rounded(topK(row, 3)), [0.5, 0.3, 0.1]);
  assertEquals(rounded(topK(row, 1)), [0.5]);
  assertEquals(topK(Float32Array.of(7), 2), { ids: [0], shares: [1] });
});

Deno.test("topK() returns the same shares for any number of tokens", () => {
  const row = new Float32Array(30);
  assertEquals(rounded(topK(row, 2)), [0.1, 0.1]);
  assertEquals(rounded(topK(row, 20)), new Array(20).fill(0.1));
});

Deno.test("topK() agrees with sorting all tokens", () => {
  const logit = fc.integer({ min: -9, max: 9 }).map((n) => n / 3);
  fc.assert(
    fc.property(
      fc.array(logit, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 70 }),
      (logits, k) => {
        const sorted = [...logits.keys()]
          .sort((a, b) => logits[b] - logits[a] || a - b);
        assertEquals(
          topK(Float32Array.from(logits), k).ids,
          sorted.slice(0, k),
        );
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});
