import { assert, assertEquals } from "@std/assert";
import { findCutoff, Histogram } from "../../../lib/bita/choose/cutoff.ts";
import { uniform } from "../../../lib/bita/choose/random.ts";

Deno.test("findCutoff() drops little for a top-p just below 1", () => {
  for (let seed = 0; seed < 50; seed++) {
    // Sums of such weights depend on the order of the summands.
    const weights = Float32Array.from(
      { length: 5000 },
      (_, id) => id === 9 ? 1 : 2 ** (-60 * uniform(seed, id)),
    );
    const filters = { topK: 0, topP: 1 - 2 ** -53, minP: 0 };
    const { weight } = findCutoff(weights, filters, new Histogram());
    assert(weight < 2 ** -30, `seed ${seed}: ${weight}`);
  }
});

Deno.test("findCutoff() keeps all tokens with a chance where top-k is more", () => {
  const weights = Float32Array.from({ length: 1000 }, (_, id) => +(id < 3));
  const filters = { topK: 40, topP: 0.9, minP: 0 };
  const { weight, id } = findCutoff(weights, filters, new Histogram());
  assertEquals({ weight, id }, { weight: 1, id: 2 });
});
