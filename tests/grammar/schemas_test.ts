/**
 * Texts of each schema are valid, and the same with drafts and without.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Drafter } from "../../lib/bita/draft/acceptance.ts";
import { CostPlanner } from "../../lib/bita/draft/cost_planner.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { GrammarConstraint } from "../../lib/grammar/constraint.ts";
import { toSource } from "../../lib/grammar/notation.ts";
import { decodedPlainly, decodedWithDrafts, run } from "../bita/_run.ts";
import { alike, FLAT, guessSources } from "../bita/_sources.ts";
import { ToyModel } from "../toy/model.ts";
import { AJV, SCHEMAS } from "./_schemas.ts";
import { LLGUIDANCE, textOf, TOKENIZER, VOCABULARY } from "./_toy.ts";

const DRAFTERS: Drafter[] = ["mask", "hydra", "ngram", "recycle"];
const PROMPT = Int32Array.of(97, 98, 97);

/** The toy's words are random, so nothing but a limit would end a number. */
const MAX_TOKENS = 60;

Deno.test(`answers to ${SCHEMAS.length} schemas are valid, and the same with drafts`, async () => {
  let whole = 0;
  for (const [index, [name, schema]] of SCHEMAS.entries()) {
    const isValid = AJV.compile(schema);
    const { notation, data } = toSource({ type: "json_schema", schema });
    using compiled = LLGUIDANCE.compile(notation, data);
    const constraintOf = () =>
      new GrammarConstraint(compiled.clone(), VOCABULARY);
    for (const temperature of [0, 0.8]) {
      const vocab = TOKENIZER.size;
      const model = new ToyModel({ seed: index, vocab, words: 9 });
      const options = {
        sampling: { ...GREEDY, temperature, seed: index },
        maxTokens: MAX_TOKENS,
        endTokens: TOKENIZER.endTokens,
      };
      using one = constraintOf();
      const plain = await run(
        decodedPlainly(model, PROMPT, { ...options, constraint: one }),
      );
      using other = constraintOf();
      const { masks, maxRows } = model.shape;
      const planner = new CostPlanner({
        ...guessSources(model, {
          prompt: PROMPT,
          drafters: DRAFTERS,
          acceptance: alike(60, { masks }),
        }),
        constraint: other,
        cost: FLAT,
        masks,
        maxRows,
      });
      const drafted = await run(
        decodedWithDrafts(model, PROMPT, {
          ...options,
          constraint: other,
          planner,
        }),
      );
      assertEquals(drafted.tokens, plain.tokens, name);
      assertEquals(drafted.finish, plain.finish, name);
      if (plain.finish === "length") continue;
      whole++;
      const text = textOf(plain.tokens);
      assert(isValid(JSON.parse(text)), `${name}: ${text}`);
    }
  }
  assert(SCHEMAS.length >= 300);
  assert(whole > 0.9 * 2 * SCHEMAS.length, `${whole} answers are whole`);
});
