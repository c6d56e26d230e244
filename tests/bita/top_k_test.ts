import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { topK } from "../../lib/bita/top_k.ts";

Deno.test("topK() lists the best first, the lower id on a tie", () => {
  const row = Float32Array.of(1, 3, 2, 3, 0);
  assertEquals(topK(row, 3).ids, [1, 3, 2]);
  assertEquals(topK(row, 99).ids, [1, 3, 2, 0, 4]);
});

Deno.test("topK() gives probabilities among the whole row", () => {
  const { probabilities } = topK(Float32Array.of(0, Math.log(2), -Infinity), 2);
  assertAlmostEquals(probabilities[0], 2 / 3, 1e-7);
  assertAlmostEquals(probabilities[1], 1 / 3, 1e-7);
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
