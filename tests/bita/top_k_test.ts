import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { topK } from "../../lib/bita/top_k.ts";

Deno.test("topK() lists the best first, the lower id on a tie", () => {
  const row = Float32Array.of(1, 3, 2, 3, 0);
  assertEquals(topK(row, 3).ids, [1, 3, 2]);
  assertEquals(topK(row, 99).ids, [1, 3, 2, 0, 4]);
});

Deno.test("topK() tells how sure the row is", () => {
  const row = Float32Array.of(1, 3.5, 2, -1);
  assertEquals(topK(row, 3).margins, [1.5, 1.5, 2.5]);
  assertEquals(topK(row, 1).margins, [1.5]);
  assertEquals(topK(Float32Array.of(7), 2), { ids: [0], margins: [0] });
});

Deno.test("topK() equals sorting everything", () => {
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
