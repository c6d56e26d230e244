/**
 * Random decodings of all kinds, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import type { DecodeOptions } from "../../lib/bita/decode/output.ts";
import type { Planner } from "../../lib/bita/draft/planner.ts";
import { full, shapePlanner } from "./_shape_planner.ts";
import { uniform } from "../../lib/bita/choose/random.ts";
import { chain, comb } from "../../lib/bita/tree/tree.ts";
import type { ToyOptions } from "../toy/model.ts";

/** One decoding to compare. */
export interface Case {
  toy: ToyOptions & { masks: number; vocab: number };
  prompt: number[];
  shape: Int32Array;
  /** Seed of a planner that plans any tree. 0 uses the planner of the shape. */
  wild: number;
  options: Omit<DecodeOptions, "prompt">;
  stop: string | undefined;
}

const toy = fc.record({
  seed: fc.nat(),
  vocab: fc.integer({ min: 5, max: 40 }),
  masks: fc.nat({ max: 4 }),
  softPrompt: fc.nat({ max: 4 }),
  maxRows: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(40)),
  context: fc.integer({ min: 12, max: 48 }),
  noise: fc.constantFrom(0, 0.2, 0.4),
  perturb: fc.boolean(),
});

const shape = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }).map(comb),
  fc.nat({ max: 5 }).map(chain),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }))
    .map(([width, depth]) => full(width, depth)),
  fc.array(fc.nat(), { maxLength: 8 }).map((numbers) =>
    Int32Array.of(-1, ...numbers.map((n, node) => n % (node + 1)))
  ),
);

const penalty = fc.constantFrom(0, 0, 0.7, -0.7);

const sampling = fc.record({
  temperature: fc.constantFrom(0, 0, 0.3, 1, 1.5),
  topP: fc.constantFrom(1, 1, 0.9, 0.5),
  topK: fc.constantFrom(0, 0, 1, 3),
  minP: fc.constantFrom(0, 0, 0.1),
  repetitionPenalty: fc.constantFrom(1, 1, 1.3, 0.7),
  presencePenalty: penalty,
  frequencyPenalty: penalty,
  logitBias: fc.array(
    fc.tuple(fc.nat({ max: 4 }), fc.constantFrom(-9, 1, 3)),
    { maxLength: 2 },
  ).map((entries) => new Map(entries)),
  seed: fc.nat(),
});

/** Random decodings of all kinds. */
export const cases: fc.Arbitrary<Case> = fc.record({
  toy,
  prompt: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 12 }),
  shape,
  wild: fc.oneof(fc.constant(0), fc.nat()),
  options: fc.record({
    sampling,
    maxTokens: fc.oneof(fc.nat({ max: 4 }), fc.integer({ min: 5, max: 30 })),
    endTokens: fc.array(fc.nat({ max: 14 }), { maxLength: 2 })
      .map((tokens) => new Set(tokens)),
  }),
  stop: fc.option(
    fc.array(fc.constantFrom("a", "b", "c", "d"), {
      minLength: 1,
      maxLength: 3,
    })
      .map((letters) => letters.join("")),
    { nil: undefined, freq: 2 },
  ),
});

/** Returns the planner of a case. */
export function plannerOf({ shape, wild, toy }: Case): Planner {
  return wild === 0
    ? shapePlanner(shape, toy.masks)
    : wildPlanner(wild, { masks: toy.masks, vocab: toy.vocab });
}

/** Plans any tree, with right, wrong and equal guesses and any numbers of masks. */
function wildPlanner(
  seed: number,
  { masks, vocab }: { masks: number; vocab: number },
): Planner {
  let drawn = 0;
  const below = (n: number) => Math.floor(uniform(seed, drawn++) * n);
  return {
    widths: [3, 2, 2, 1].slice(0, 1 + below(4)),
    plan({ root, candidates }) {
      const parents = [-1];
      const tokens = [root];
      const depth = [0];
      for (let node = 1, nodes = 1 + below(9); node < nodes; node++) {
        const parent = below(node);
        const guesses = candidates[depth[parent]]?.ids ?? [];
        parents.push(parent);
        depth.push(depth[parent] + 1);
        tokens.push(guesses[below(4)] ?? below(vocab));
      }
      return {
        parents: Int32Array.from(parents),
        tokens: Int32Array.from(tokens),
        masks: Int32Array.from(parents, () => below(masks + 1)),
        readAll: below(2) === 0,
      };
    },
  };
}
