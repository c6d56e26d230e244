import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { ToyModel } from "../../toy/model.ts";
import { decodedWithDrafts, run } from "../_run.ts";
import { alike, costPlanner } from "../_sources.ts";

Deno.test("CostPlanner follows a chain up to its end", async () => {
  const model = new ToyModel({ seed: 3, vocab: 30, words: 30, noise: 0 });
  const prompt = Int32Array.of(1, 2, 3);
  const options = {
    sampling: GREEDY,
    maxTokens: 25,
    endTokens: new Set<number>(),
  };
  const { outputs } = await run(decodedWithDrafts(model, prompt, {
    ...options,
    trace: true,
    planner: costPlanner(model, {
      prompt,
      drafters: ["hydra"],
      hydra: alike(90, { masks: 3 }),
    }),
  }));
  const passes = outputs.filter(({ rows }) => rows > 0);
  // The first pass has no draft. Each other one accepts a chain and adds a token.
  assertEquals(passes.map(({ tokens }) => tokens.length), [
    1,
    ...new Array(6).fill(4),
  ]);
  assertEquals(passes[1].guesses?.map(({ drafters }) => drafters), [
    ["hydra"],
    ["hydra"],
    ["hydra"],
  ]);
});

Deno.test("CostPlanner drops a chain that the text has left", () => {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  const prompt = Int32Array.of(1, 2, 3, 1);
  const chain = [4, 5].map((id) => ({ ids: [id], shares: [1] }));
  const plan = (hits: number) =>
    costPlanner(model, {
      prompt,
      drafters: ["ngram", "prediction", "hydra"],
      hydra: alike(hits, { masks: 2 }),
    }).plan({ root: 1, budget: 4, candidates: [], hydra: chain });
  assertEquals([...plan(90).tokens.slice(0, 2)], [1, 4]);
  assert([...plan(90).tokens].includes(5));
  const copying = plan(3); // 2 follows 1, as before; nothing follows 4
  assertEquals([...copying.tokens.slice(0, 2)], [1, 2]);
  assert(![...copying.tokens].includes(5));
});

Deno.test("CostPlanner requests no chain that it would not use", () => {
  const model = new ToyModel({ seed: 1, vocab: 9 });
  const prompt = Int32Array.of(1);
  const sure = { ids: [4], shares: [1] };
  const hydra = alike(65, { masks: 3 });
  const other = costPlanner(model, {
    prompt,
    drafters: ["ngram", "prediction"],
    hydra,
  });
  assert(!other.wantsHydra([]));
  const free = costPlanner(model, { prompt, drafters: ["hydra"], hydra });
  assert(free.wantsHydra([]));
  assert(free.wantsHydra([sure, sure]));
  assert(!free.wantsHydra([sure, sure, sure]));
  const cost = { body: (rows: number) => rows + 1, head: () => 1 };
  const dear = costPlanner(model, { prompt, drafters: ["hydra"], hydra, cost });
  assert(dear.wantsHydra([sure]));
  assert(!dear.wantsHydra([sure, sure]));
});

Deno.test("CostPlanner requests no chain if a copy is sure", () => {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  const words = [1, 2, 3, 4, 5, 6, 7, 8];
  const sure = costPlanner(model, {
    prompt: Int32Array.of(9),
    drafters: ["ngram", "prediction", "hydra"],
    hydra: alike(65, { masks: 3 }),
    prediction: words,
  });
  assert(sure.wantsHydra([]));
  const tree = sure.plan({ root: 9, budget: 99, candidates: [] });
  const verified = {
    tokens: words.slice(0, 7),
    accepted: 6,
    kept: 7,
    drafter: 6,
    hit: false,
  };
  sure.learn({ tree, verified });
  assert(!sure.wantsHydra([]));
});
