import { assert, assertEquals } from "@std/assert";
import { Walk } from "../../../lib/bita/draft/guesses.ts";
import { ToyModel } from "../../toy/model.ts";
import { alike, guessSources } from "../_sources.ts";

/** Says what the walk thinks of token 2, which a copy proposes at its first level. */
function walk(chain?: number[]) {
  const from = guessSources(new ToyModel({ seed: 1, vocab: 9 }), {
    prompt: Int32Array.of(1, 2, 3, 1),
    sources: ["ngram", "hydra"],
    hydra: alike(50, { masks: 1 }),
  });
  const state = {
    root: 1,
    budget: 9,
    candidates: [],
    ...chain && { chain: [{ ids: chain, shares: chain.map(() => 0.5) }] },
  };
  const { value } = new Walk(state, from).levels().next();
  return value!.options.find(({ token }) => token === 2)!;
}

Deno.test("Walk believes a copy less that the Hydra head does not see coming", () => {
  const [alone, unlisted, agreed] = [walk(), walk([4, 5]), walk([4, 2])];
  assert(unlisted.chance < alone.chance);
  assert(agreed.chance > alone.chance);
  const kinds = [alone, unlisted, agreed].map(({ kind }) => kind);
  assertEquals(new Set(kinds).size, 3);
});
