import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { costCurve } from "../../../lib/bita/cost/cost_curve.ts";
import { CostPlanner } from "../../../lib/bita/draft/cost_planner.ts";
import type { Drafter } from "../../../lib/bita/draft/acceptance.ts";
import { ToyModel } from "../../toy/model.ts";
import { assertSameText } from "../_same_text.ts";
import { alike, costPlanner, FLAT, guessSources } from "../_sources.ts";

const STEEP = { body: costCurve([[2, 10], [32, 160]]), head: () => 1 };

Deno.test("CostPlanner never changes a text", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.integer({ min: 4, max: 30 }),
      fc.subarray<Drafter>([
        "mask",
        "hydra",
        "ngram",
        "prediction",
        "recycle",
      ]),
      fc.constantFrom(FLAT, STEEP),
      fc.constantFrom(0, 1),
      fc.nat(100),
      fc.boolean(),
      async (seed, vocab, drafters, cost, temperature, hits, reranks) => {
        accepted += await assertSameText({
          seed,
          vocab,
          temperature,
          planner: (model, prompt, text) =>
            costPlanner(model, {
              prompt,
              cost,
              drafters,
              reranks,
              acceptance: alike(hits, { masks: model.shape.masks }),
              hydra: alike(hits, { masks: seed % 4 }),
              prediction: text.map((id, at) =>
                at % 7 === seed % 9 ? id + 1 : id
              ),
            }),
        });
      },
    ),
    { numRuns: 2000 },
  );
  assert(accepted > 2000, `${accepted} guesses were right`);
});

Deno.test("CostPlanner drafts nothing if no guess pays", () => {
  const model = new ToyModel({ seed: 1, vocab: 8 });
  const prompt = Int32Array.of(1, 2, 3, 1, 2);
  const dear = { body: costCurve([[1, 1], [2, 100]]), head: () => 1 };
  const tree = costPlanner(model, {
    prompt,
    cost: dear,
    drafters: ["ngram", "prediction"],
  })
    .plan({ root: 2, budget: 9, candidates: [] });
  assertEquals([...tree.parents], [-1]);
});

Deno.test("CostPlanner copies as far as it pays", () => {
  const model = new ToyModel({ seed: 1, vocab: 8 });
  const prompt = Int32Array.of(1, 2, 3, 4, 5, 6, 1, 2, 3);
  const tree = costPlanner(model, { prompt, drafters: ["ngram", "prediction"] })
    .plan({ root: 3, budget: 9, candidates: [] });
  assertEquals([...tree.tokens], [3, 4, 5, 6, 1, 2, 3]);
  assertEquals([...tree.parents], [-1, 0, 1, 2, 3, 4, 5]);
});

Deno.test("CostPlanner copies a prediction and continues after an edit", () => {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  const prompt = Int32Array.of(9);
  const planned = costPlanner(model, {
    prompt,
    drafters: ["ngram", "prediction"],
    prediction: [1, 2, 3, 4, 5, 6],
  });
  const state = { budget: 9, candidates: [] };
  const tree = planned.plan({ root: 9, ...state });
  assertEquals([...tree.tokens], [9, 1, 2, 3, 4, 5, 6]);
  const verified = {
    tokens: [1, 2, 7],
    accepted: 2,
    kept: 3,
    drafter: 2,
    hit: false,
  };
  planned.learn({ tree, verified });
  assertEquals([...planned.plan({ root: 7, ...state }).tokens], [7, 4, 5, 6]);
});

Deno.test("CostPlanner drafts no more after wrong guesses", () => {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  const planned = costPlanner(model, {
    prompt: Int32Array.of(1, 2, 3, 1),
    cost: STEEP,
    drafters: ["ngram", "prediction"],
  });
  const vain = {
    parents: Int32Array.of(-1, ...new Array(30).fill(0)),
    tokens: new Int32Array(31),
    masks: new Int32Array(31),
  };
  const verified = {
    tokens: [2],
    accepted: 0,
    kept: 1,
    drafter: 0,
    hit: false,
  };
  for (let pass = 0; pass < 40; pass++) {
    verified.tokens = [3 + pass];
    planned.learn({ tree: vain, verified });
  }
  planned.learn({
    tree: vain,
    verified: { ...verified, tokens: [1] },
  });
  const tree = planned.plan({ root: 1, budget: 9, candidates: [] });
  assertEquals([...tree.tokens], [1, 3]); // The second row takes no time.
});

Deno.test("CostPlanner learns the worth of masks only if they draft", () => {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  const worth = (drafters: Drafter[]) => {
    const parts = guessSources(model, {
      prompt: Int32Array.of(1),
      drafters,
      acceptance: alike(50, { masks: 3 }),
    });
    const planned = new CostPlanner({
      ...parts,
      cost: FLAT,
      masks: model.shape.masks,
      maxRows: model.shape.maxRows,
    });
    const before = parts.memory.maskWorth.gain(0);
    const tree = planned.plan({ root: 1, budget: 9, candidates: [] });
    const verified = {
      tokens: [2, 3, 4],
      accepted: 2,
      kept: 3,
      drafter: 0,
      hit: false,
    };
    planned.learn({ tree, verified });
    return parts.memory.maskWorth.gain(0) - before;
  };
  assertEquals(worth(["ngram"]), 0);
  assert(worth(["mask"]) < 0); // Passes without a mask gained as much.
});

Deno.test("CostPlanner counts a token of two sources once", () => {
  const model = new ToyModel({ seed: 1, vocab: 8 });
  const prompt = Int32Array.of(1, 2, 3, 1, 2);
  const tree = costPlanner(model, {
    prompt,
    drafters: ["ngram", "prediction", "mask"],
  }).plan({
    root: 2,
    budget: 2,
    candidates: [{ ids: [3, 5], shares: [0.5, 0.5] }],
  });
  assertEquals([...tree.tokens], [2, 3, 5]);
  assertEquals([...tree.parents], [-1, 0, 0]);
});
