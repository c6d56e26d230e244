import { assert, assertEquals } from "@std/assert";
import { findCutoff, Histogram } from "../../../lib/bita/choose/cutoff.ts";
import { uniform } from "../../../lib/bita/choose/random.ts";

Deno.test("findCutoff() keeps all tokens for a top-p just below 1", () => {
  for (let seed = 0; seed < 20; seed++) {
    const weights = Float32Array.from(
      { length: 5000 },
      (_, id) => id === 9 ? 1 : 0.001 + 0.9 * uniform(seed, id),
    );
    const filters = { topK: 0, topP: 1 - 2 ** -53, minP: 0 };
    const { weight } = findCutoff(weights, filters, new Histogram());
    assert(weight <= Math.min(...weights), `seed ${seed}: ${weight}`);
  }
});

Deno.test("findCutoff() keeps all tokens with a chance where top-k is more", () => {
  const weights = Float32Array.from({ length: 1000 }, (_, id) => +(id < 3));
  const filters = { topK: 40, topP: 0.9, minP: 0 };
  const { weight, id } = findCutoff(weights, filters, new Histogram());
  assertEquals({ weight, id }, { weight: 1, id: 2 });
});
