import { assert, assertEquals } from "@std/assert";
import type { Planner } from "../../../lib/bita/draft/planner.ts";
import { draft, shapePlanner } from "../_shape_planner.ts";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { acceptedGuesses } from "../../../lib/bita/draft/feedback.ts";
import { chain, comb, parseShape } from "../../../lib/bita/tree/tree.ts";
import { ToyModel } from "../../toy/model.ts";
import { run } from "../_run.ts";

const PROMPT = Int32Array.of(1, 2, 3);
const OPTIONS = {
  sampling: GREEDY,
  maxTokens: 20,
  endTokens: new Set<number>(),
};

Deno.test("acceptedGuesses() returns depth and rank along the path", () => {
  // The root has three children; the second of the first one's hit.
  const parents = Int32Array.of(-1, 0, 0, 0, 1, 1);
  const tokens = Int32Array.of(0, 1, 2, 3, 4, 5);
  const tree = { parents, tokens, masks: parents };
  const verified = { tokens: [7, 8, 9], accepted: 2, kept: 2, drafter: 5 };
  const planner: Planner = {
    ...shapePlanner(parents, 0),
    origin: ({ token }) => ({ drafters: ["ngram"], chance: token / 10 }),
  };
  assertEquals(acceptedGuesses(tree, { ...verified, hit: true }, planner), [
    { depth: 1, rank: 0, drafters: ["ngram"], chance: 0.1 },
    { depth: 2, rank: 1, drafters: ["ngram"], chance: 0.5 },
  ]);
});

Deno.test("decode() returns a guess for each accepted token if asked", async () => {
  const model = new ToyModel();
  const traced = await run(draft(model, PROMPT, { ...OPTIONS, trace: true }));
  const silent = await run(draft(model, PROMPT, OPTIONS));
  assertEquals(traced.tokens, silent.tokens);
  for (const [i, { accepted, guesses }] of traced.outputs.slice(1).entries()) {
    assertEquals(guesses?.length, accepted);
    assertEquals(
      guesses?.map(({ depth }) => depth),
      [
        ...Array(accepted).keys(),
      ].map((i) => i + 1),
    );
    assertEquals(silent.outputs[i + 1].guesses, undefined);
  }
});

Deno.test("shapePlanner() distinguishes masks from the successor of a hit", async () => {
  const found = async (shape: Int32Array) => {
    const { outputs } = await run(draft(new ToyModel({ noise: 0.3 }), PROMPT, {
      ...OPTIONS,
      planner: shapePlanner(shape, 3),
      trace: true,
    }));
    const all = outputs.flatMap(({ guesses = [] }) => guesses);
    return new Set(all.flatMap(({ drafters }) => drafters));
  };
  assertEquals(await found(chain(3)), new Set(["mask"]));
  const wide = await found(comb(parseShape("4-4")));
  assert(wide.has("successor"), "a sibling must have hit");
});
