import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FilledPlanner } from "../../../lib/bita/draft/filled_planner.ts";
import type { Drafter } from "../../../lib/bita/draft/acceptance.ts";
import { ToyModel } from "../../toy/model.ts";
import { assertSameText } from "../_same_text.ts";
import { alike, guessSources, type SourceOptions } from "../_sources.ts";

const MODEL = new ToyModel({ seed: 1, vocab: 99 });

function planner({ comb, ...options }: SourceOptions & { comb: number[] }) {
  const drafters = guessSources(MODEL, options);
  return new FilledPlanner({ ...drafters, comb, masks: MODEL.shape.masks });
}

Deno.test("FilledPlanner never changes a text", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.integer({ min: 4, max: 30 }),
      fc.subarray<Drafter>(["mask", "hydra", "ngram", "recycle"]),
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
      fc.constantFrom(0, 1),
      fc.boolean(),
      async (seed, vocab, drafters, comb, temperature, reranks) => {
        const hydra = alike(50, { masks: seed % 4 });
        accepted += await assertSameText({
          seed,
          vocab,
          temperature,
          planner: (model, prompt) =>
            new FilledPlanner({
              ...guessSources(model, { prompt, drafters, hydra, reranks }),
              comb,
              masks: model.shape.masks,
            }),
        });
      },
    ),
    { numRuns: 1000 },
  );
  assert(accepted > 1000, `${accepted} guesses were right`);
});

Deno.test("FilledPlanner fills a comb from all drafters, the most likely first", () => {
  const tree = planner({
    comb: [3, 1],
    prompt: Int32Array.of(1, 2, 3, 1),
    drafters: ["mask", "hydra", "ngram"],
    acceptance: alike(10, { masks: 3 }),
    hydra: alike(60, { masks: 3 }),
  }).plan({
    root: 1,
    budget: 9,
    candidates: [{ ids: [7, 8], shares: [0.5, 0.5] }],
    hydra: [{ ids: [4], shares: [1] }, { ids: [5], shares: [1] }],
  });
  assertEquals([...tree.parents], [-1, 0, 0, 0, 1]);
  assertEquals([...tree.tokens], [1, 4, 2, 7, 5]);
  assertEquals([...tree.masks], [2, 2, 2, 2, 2]); // As deep as the comb.
});

Deno.test("FilledPlanner continues from the successor of a hit", () => {
  const tree = planner({
    comb: [2],
    prompt: Int32Array.of(9),
    drafters: ["mask"],
  }).plan({
    root: 1,
    budget: 9,
    successor: 6,
    candidates: [{ ids: [7, 8], shares: [0.5, 0.5] }],
  });
  assertEquals([...tree.tokens], [1, 6, 7, 8]);
  assertEquals([...tree.parents], [-1, 0, 1, 1]);
  assertEquals([...tree.masks], [0, 1, 1, 1]);
});

Deno.test("FilledPlanner adds no unused masks and no rows after the end", () => {
  const filled = planner({
    comb: [1, 1, 1],
    prompt: Int32Array.of(1, 2, 3, 4, 1),
    drafters: ["ngram"],
  });
  const tree = filled.plan({ root: 1, budget: 3, candidates: [] });
  assertEquals([...tree.tokens], [1, 2, 3]);
  assertEquals([...tree.masks], [0, 0, 0]);
});

Deno.test("FilledPlanner follows a chain to the depth of the comb and the head", () => {
  const options = { prompt: Int32Array.of(1), hydra: alike(50, { masks: 3 }) };
  const step = { ids: [4], shares: [1] };
  const two = planner({ comb: [1, 1], drafters: ["hydra"], ...options });
  assert(two.wantsHydra([step]) && !two.wantsHydra([step, step]));
  const five = planner({
    comb: [1, 1, 1, 1, 1],
    drafters: ["hydra"],
    ...options,
  });
  assert(five.wantsHydra([step, step]) && !five.wantsHydra([step, step, step]));
  assert(
    !planner({ comb: [1], drafters: ["ngram"], ...options }).wantsHydra([]),
  );
});
