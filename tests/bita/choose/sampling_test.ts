import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { uniform } from "../../../lib/bita/choose/random.ts";
import {
  chooseToken,
  GREEDY,
  type Sampling,
  Scratch,
} from "../../../lib/bita/choose/sampling.ts";

function choose(
  logits: number[],
  sampling: Partial<Sampling>,
  {
    position = 0,
    counts = new Map<number, number>(),
    seen = new Set<number>(),
  } = {},
): number {
  const scratch = new Scratch(logits.length);
  return chooseToken(Float32Array.from(logits), { ...GREEDY, ...sampling }, {
    position,
    counts,
    seen,
    scratch,
  });
}

/** Returns all tokens that are chosen at many positions. */
function support(logits: number[], sampling: Partial<Sampling>): number[] {
  const seen = new Set<number>();
  for (let position = 0; position < 500; position++) {
    seen.add(choose(logits, { temperature: 1, ...sampling }, { position }));
  }
  return [...seen].sort();
}

/** Chooses the same token in the slow and obvious way. */
function chooseSlowly(
  logits: Float32Array,
  sampling: Sampling,
  { position, counts, seen }: {
    position: number;
    counts: Map<number, number>;
    seen: Set<number>;
  },
): number {
  const { repetitionPenalty } = sampling;
  const repeated = logits.map((logit, id) =>
    seen.has(id)
      ? logit * (logit > 0 ? 1 / repetitionPenalty : repetitionPenalty)
      : logit
  );
  const adjusted = Float32Array.from(repeated, (logit, id) => {
    const count = counts.get(id) ?? 0;
    const biased = Math.fround(logit + (sampling.logitBias.get(id) ?? 0));
    if (count === 0) return biased;
    return biased -
      (sampling.presencePenalty + sampling.frequencyPenalty * count);
  });
  let ranked = [...adjusted.keys()]
    .sort((a, b) => adjusted[b] - adjusted[a] || a - b);
  if (sampling.temperature === 0) return ranked[0];

  const max = adjusted[ranked[0]];
  const weigh = (id: number) =>
    Math.exp((adjusted[id] - max) / sampling.temperature);
  const add = (ids: number[]) => ids.reduce((sum, id) => sum + weigh(id), 0);
  if (sampling.topK > 0) ranked = ranked.slice(0, sampling.topK);
  if (sampling.topP < 1) {
    const goal = sampling.topP * add(ranked);
    let kept = 1;
    while (kept < ranked.length && add(ranked.slice(0, kept)) < goal) kept++;
    ranked = ranked.slice(0, kept);
  }
  const kept = ranked.filter((id) => weigh(id) >= sampling.minP)
    .sort((a, b) => a - b);
  const target = uniform(sampling.seed, position) * add(kept);
  let sum = 0;
  return kept.find((id) => (sum += weigh(id)) > target)!;
}

Deno.test("chooseToken() at temperature 0 chooses the best token, the lowest id on a tie", () => {
  assertEquals(choose([1, 5, 2], {}), 1);
  assertEquals(choose([1, 5, 2, 5], {}), 1);
  for (let length = 1; length < 10; length++) {
    for (let best = 0; best < length; best++) {
      const logits = new Array(length).fill(-3).with(best, -2);
      assertEquals(choose(logits, {}), best);
    }
  }
});

Deno.test("chooseToken() applies biases and penalties", () => {
  assertEquals(choose([1, 5, 2], { logitBias: new Map([[2, 4]]) }), 2);
  const counts = new Map([[1, 3]]);
  assertEquals(choose([4, 5, 2], { presencePenalty: 2 }, { counts }), 0);
  assertEquals(choose([4, 5, 2], { frequencyPenalty: 0.3 }, { counts }), 1);
  assertEquals(choose([4, 5, 2], { frequencyPenalty: 0.4 }, { counts }), 0);
  const seen = new Set([1]);
  assertEquals(choose([4, 5, 2], { repetitionPenalty: 1.2 }, { seen }), 1);
  assertEquals(choose([4, 5, 2], { repetitionPenalty: 1.3 }, { seen }), 0);
  assertEquals(choose([-4, -3, -9], { repetitionPenalty: 1.4 }, { seen }), 0);
});

Deno.test("chooseToken() does not change the logits", () => {
  const logits = Float32Array.of(1, 2, 3);
  chooseToken(logits, {
    ...GREEDY,
    temperature: 1,
    presencePenalty: 1,
    logitBias: new Map([[0, 9]]),
  }, { position: 0, counts: new Map([[1, 1]]), scratch: new Scratch(3) });
  assertEquals(logits, Float32Array.of(1, 2, 3));
});

Deno.test("chooseToken() chooses every token at temperature 1", () => {
  assertEquals(support([0, 1, 0.5], {}), [0, 1, 2]);
});

Deno.test("chooseToken() keeps the k best, the lower id on a tie", () => {
  assertEquals(support([1, 0, 1, 2, 1], { topK: 3 }), [0, 2, 3]);
});

Deno.test("chooseToken() keeps the fewest tokens that reach topP", () => {
  const logits = [0.5, 0.3, 0.1, 0.1].map(Math.log);
  assertEquals(support(logits, { topP: 0.49 }), [0]);
  assertEquals(support(logits, { topP: 0.51 }), [0, 1]);
  assertEquals(support(logits, { topP: 0.85 }), [0, 1, 2]);
  assertEquals(support(logits, { topP: 0 }), [0]);
});

Deno.test("chooseToken() applies topP to the tokens that topK keeps", () => {
  const logits = [0.4, 0.3, 0.2, 0.1].map(Math.log);
  assertEquals(support(logits, { topP: 0.55 }), [0, 1]);
  assertEquals(support(logits, { topK: 2, topP: 0.55 }), [0]);
});

Deno.test("chooseToken() keeps tokens that are minP as likely as the best", () => {
  const logits = [0.6, 0.28, 0.12].map(Math.log);
  assertEquals(support(logits, { minP: 0.25 }), [0, 1]);
});

Deno.test("chooseToken() throws on logits that are not finite", () => {
  assertThrows(() => choose([NaN, NaN], {}), RangeError, "received none");
  assertThrows(() => choose([1, NaN], { temperature: 1 }), RangeError, "NaN");
  assertThrows(() => choose([Infinity, 1], { temperature: 1 }), RangeError);
});

Deno.test("chooseToken() equals the slow and obvious way", () => {
  const penalty = fc.constantFrom(0, 0, 0.5, -1);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -12_000, max: 12_000 }), {
        minLength: 1,
        maxLength: 50,
      }),
      fc.record({
        temperature: fc.constantFrom(0, 0.1, 0.7, 1, 1.5),
        topP: fc.constantFrom(1, 1, 0.95, 0.5, 0.1, 0),
        topK: fc.constantFrom(0, 0, 1, 2, 7, 100),
        minP: fc.constantFrom(0, 0, 0.05, 0.5, 1),
        repetitionPenalty: fc.constantFrom(1, 1, 1.3, 0.7),
        presencePenalty: penalty,
        frequencyPenalty: penalty,
        seed: fc.nat(),
      }),
      fc.dictionary(fc.constantFrom("0", "1", "5"), fc.constantFrom(-3, 2)),
      fc.dictionary(fc.constantFrom("0", "2", "4"), fc.nat({ max: 3 })),
      fc.boolean(),
      (thousandths, settings, bias, count, coarse) => {
        // Coarse logits have many ties.
        const logits = Float32Array.from(
          thousandths,
          (n) => coarse ? Math.round(n / 4_000) : n / 1_000,
        );
        const inside = (entries: Record<string, number>) =>
          new Map(
            Object.entries(entries)
              .map(([id, n]): [number, number] => [Number(id), n])
              .filter(([id, n]) => id < logits.length && n !== 0),
          );
        const sampling = { ...settings, logitBias: inside(bias) };
        const counts = inside(count);
        const seen = new Set(
          [3, ...counts.keys()].filter((id) => id < logits.length),
        );
        const scratch = new Scratch(logits.length);
        for (let position = 0; position < 5; position++) {
          assertEquals(
            chooseToken(logits, sampling, { position, counts, seen, scratch }),
            chooseSlowly(logits, sampling, { position, counts, seen }),
          );
        }
      },
    ),
    { seed: 1, numRuns: 3_000 },
  );
});
