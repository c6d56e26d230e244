/**
 * What a planner tries beside other sequences, where all wait for its rows.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ALONE, type Beside } from "../../../lib/bita/cost/pass_price.ts";
import { CostPlanner } from "../../../lib/bita/draft/cost_planner.ts";
import type { Drafter } from "../../../lib/bita/draft/acceptance.ts";
import { ToyModel } from "../../toy/model.ts";
import { alike, guessSources } from "../_sources.ts";

const TEXT = Array.from({ length: 90 }, (_, i) => i + 1);

/** Returns a planner of a text that is predicted, and a way to let others in. */
function start({ drafters }: { drafters: Drafter[] }) {
  const model = new ToyModel({ seed: 1, vocab: 99 });
  let beside: Beside = ALONE;
  const planner = new CostPlanner({
    ...guessSources(model, {
      prompt: Int32Array.of(99),
      drafters,
      prediction: TEXT,
      hydra: alike(70, { masks: 3 }),
    }),
    // Before any caution, a row costs a quarter of a token beside 2 others, and beside 31
    // most of one.
    cost: { body: (rows: number) => 8 + rows, head: () => 1 },
    beside: () => beside,
    masks: 0,
    maxRows: 32,
  });
  let written = 0;
  const plan = () =>
    planner.plan({ root: TEXT[written - 1] ?? 99, budget: 4, candidates: [] });
  return {
    planner,
    plan,
    share(others: number) {
      beside = { sequences: others, rows: others, read: others };
    },
    /** Computes a pass whose guesses are all right; returns its rows. */
    pass() {
      const tree = plan();
      const { length } = tree.tokens;
      const tokens = TEXT.slice(written, written + length);
      written += length;
      const last = length - 1;
      const decided = { accepted: last, drafter: last, kept: length };
      planner.learn({ tree, verified: { ...decided, tokens, hit: false } });
      return length;
    },
  };
}

Deno.test("CostPlanner tries nothing where not even a sure guess pays", () => {
  const { planner, share, pass } = start({ drafters: ["prediction", "hydra"] });
  share(31);
  for (let i = 0; i < 10; i++) assertEquals(pass(), 1);
  assert(!planner.wantsHydra([]));
});

Deno.test("CostPlanner drafts again in the pass after the others have left", () => {
  const text = start({ drafters: ["prediction"] });
  text.share(31);
  for (let i = 0; i < 10; i++) text.pass();
  text.share(0);
  // It has followed the prediction meanwhile.
  assertEquals([...text.plan().tokens.slice(0, 3)], TEXT.slice(9, 12));
  const drafted = start({ drafters: ["hydra"] });
  drafted.share(31);
  drafted.pass();
  drafted.share(0);
  drafted.pass();
  assert(drafted.planner.wantsHydra([]));
});

Deno.test("CostPlanner tries sure guesses beside a few, whatever it gained alone", () => {
  const { share, pass } = start({ drafters: ["prediction"] });
  for (let i = 0; i < 3; i++) assert(pass() > 1);
  share(2);
  assert(pass() > 1);
});
