import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Drafter } from "../../lib/bita/draft/acceptance.ts";
import { CostPlanner } from "../../lib/bita/draft/cost_planner.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { GrammarConstraint } from "../../lib/grammar/constraint.ts";
import { Llguidance } from "../../lib/grammar/llguidance.ts";
import { GrammarError } from "../../lib/grammar/matcher.ts";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import { toSource } from "../../lib/grammar/notation.ts";
import { decodedPlainly, decodedWithDrafts, run } from "../bita/_run.ts";
import { alike, FLAT, guessSources } from "../bita/_sources.ts";
import { ToyModel } from "../toy/model.ts";
import { LLGUIDANCE, textOf, TOKENIZER, VOCABULARY } from "./_toy.ts";

/** Starts a text of a grammar. */
function constraintOf(grammar: Grammar): GrammarConstraint {
  const { notation, data } = toSource(grammar);
  const matcher = LLGUIDANCE.compile(notation, data);
  return new GrammarConstraint(matcher, VOCABULARY);
}

const word = fc.stringMatching(/^[a-c12]{1,4}$/);

/** Schemas whose texts are short. */
const schema = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.array(word, { minLength: 1, maxLength: 4 }).map((all) => ({
      enum: all,
    })),
    fc.constant({ type: "boolean" }),
    fc.constant({ type: "integer", minimum: 0, maximum: 99 }),
    fc.constant({ type: "string", maxLength: 3 }),
    fc.array(tie("any"), { minLength: 1, maxLength: 3 })
      .map((prefixItems) => ({
        type: "array",
        prefixItems,
        items: false,
        minItems: prefixItems.length,
      })),
    fc.dictionary(word, tie("any"), { minKeys: 1, maxKeys: 3 })
      .map((properties) => ({
        type: "object",
        properties,
        required: Object.keys(properties),
        additionalProperties: false,
      })),
  ),
})).any;

const grammar: fc.Arbitrary<Grammar> = fc.oneof(
  schema.map((schema) => ({ type: "json_schema" as const, schema })),
  fc.array(word, { minLength: 1, maxLength: 5 })
    .map((choices) => ({ type: "choice" as const, choices })),
  fc.constantFrom("[ab]{2,9}", "(abc|12)*1", "a.b", "é{3}x?")
    .map((regex) => ({ type: "regex" as const, regex })),
);

Deno.test("decode() and decodePlain() return the same text of a grammar", async () => {
  let forced = 0, whole = 0, runs = 0;
  await fc.assert(
    fc.asyncProperty(
      grammar,
      fc.nat(1000),
      fc.constantFrom(0, 0.8, 1.5),
      fc.subarray<Drafter>(["mask", "hydra", "ngram", "recycle"]),
      fc.constantFrom(0, 0.7),
      fc.record({
        maxTokens: fc.integer({ min: 1, max: 40 }),
        minTokens: fc.constantFrom(0, 3),
      }),
      async (grammar, seed, temperature, drafters, penalty, limits) => {
        const vocab = TOKENIZER.size;
        const model = new ToyModel({ seed, vocab, perturb: true, words: 9 });
        const prompt = Int32Array.of(97, 98, 97);
        const options = {
          sampling: {
            ...GREEDY,
            temperature,
            seed,
            presencePenalty: penalty,
            logitBias: new Map([[97, 3], [49, -9]]),
          },
          ...limits,
          endTokens: TOKENIZER.endTokens,
          logprobs: 1,
        };
        using one = constraintOf(grammar);
        const plain = await run(
          decodedPlainly(model, prompt, { ...options, constraint: one }),
        );
        using other = constraintOf(grammar);
        const { masks, maxRows } = model.shape;
        const planner = new CostPlanner({
          ...guessSources(model, {
            prompt,
            drafters,
            acceptance: alike(60, { masks }),
          }),
          constraint: other,
          cost: FLAT,
          masks,
          maxRows,
        });
        const drafted = await run(decodedWithDrafts(model, prompt, {
          ...options,
          constraint: other,
          planner,
          trace: true,
        }));
        assertEquals(drafted.tokens, plain.tokens);
        assertEquals(drafted.finish, plain.finish);
        const [scores, expected] = [drafted, plain].map(({ outputs }) =>
          outputs.flatMap(({ scores = [] }) => scores)
        );
        assertEquals(scores, expected);
        const guesses = drafted.outputs.flatMap(({ guesses = [] }) => guesses);
        forced +=
          guesses.filter(({ drafters }) => drafters.includes("grammar")).length;
        runs++;
        if (plain.finish === "length") return;
        whole++;
        const text = textOf(plain.tokens);
        if (grammar.type === "choice") assert(grammar.choices.includes(text));
        if (grammar.type === "json_schema") JSON.parse(text);
        if (grammar.type === "regex") {
          assert(new RegExp(`^(${grammar.regex})$`, "u").test(text), text);
        }
      },
    ),
    { numRuns: 300, seed: 5 },
  );
  // The test is only meaningful if texts end and forced tokens are drafted.
  assert(whole > runs / 3, `${whole} of ${runs}`);
  assert(forced > runs / 2, `${forced} in ${runs}`);
});

Deno.test("GrammarConstraint forces what the tokenizer makes of the only text", () => {
  const properties = { abc: { type: "boolean" } };
  using constraint = constraintOf({
    type: "json_schema",
    schema: { type: "object", properties, required: ["abc"] },
  });
  assertEquals(
    textOf(constraint.forced()),
    '{"abc":',
  );
  assertEquals([...constraint.forced()], [...TOKENIZER.encode('{"abc":')]);
  for (const id of [...constraint.forced()]) constraint.commit(id);
  assertEquals(constraint.forced(), []);
});

Deno.test("GrammarConstraint forces no token that the text after it may grow", () => {
  // "ab" may become "abc", so neither "a" nor "ab" is sure to come.
  using constraint = constraintOf({ type: "regex", regex: "abc?1" });
  assertEquals(constraint.forced(), []);
});

Deno.test("GrammarConstraint lets every end token end a text", () => {
  using constraint = constraintOf({ type: "regex", regex: "1*" });
  const mask = constraint.mask();
  for (const end of TOKENIZER.endTokens) {
    assert(mask[end >>> 5] >>> (end & 31) & 1, String(end));
    assert(!constraint.allows([], end));
  }
});

Deno.test("GrammarConstraint fails where the model has no token to go on with", async () => {
  const bytes = VOCABULARY.bytes.tokens.with(4, new Uint8Array());
  const llguidance = await Llguidance.open({
    ...VOCABULARY.bytes,
    tokens: bytes,
  });
  using constraint = new GrammarConstraint(
    llguidance.compile("regex", "a\\x04"),
    { ...VOCABULARY, tokens: VOCABULARY.tokens.with(4, "") },
  );
  constraint.commit(97);
  assert(!constraint.isComplete);
  assertThrows(() => constraint.mask(), GrammarError);
});
