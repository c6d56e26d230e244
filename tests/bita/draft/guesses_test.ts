import { assert, assertEquals } from "@std/assert";
import { levels } from "../../../lib/bita/draft/guesses.ts";
import { ToyModel } from "../../toy/model.ts";
import { alike, guessSources } from "../_sources.ts";

/** Returns the guess of token 2 at depth 1, which a copy proposes. */
function guess(chain?: number[]) {
  const from = guessSources(new ToyModel({ seed: 1, vocab: 9 }), {
    prompt: Int32Array.of(1, 2, 3, 1),
    drafters: ["ngram", "hydra"],
    hydra: alike(50, { masks: 1 }),
  });
  const state = {
    root: 1,
    budget: 9,
    candidates: [],
    ...chain && { hydra: [{ ids: chain, shares: chain.map(() => 0.5) }] },
  };
  const { value } = levels(state, from).next();
  return value!.guesses.find(({ token }) => token === 2)!;
}

Deno.test("levels() expects less of a copy that is not in the Hydra head's list", () => {
  const [alone, unlisted, agreed] = [guess(), guess([4, 5]), guess([4, 2])];
  assert(unlisted.chance < alone.chance);
  assert(agreed.chance > alone.chance);
  const kinds = [alone, unlisted, agreed].map(({ kind }) => kind.key);
  assertEquals(new Set(kinds).size, 3);
});
