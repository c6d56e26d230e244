/**
 * Calls of each tool fit its schema, and are the same with drafts and without.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Drafter } from "../../lib/bita/draft/acceptance.ts";
import { CostPlanner } from "../../lib/bita/draft/cost_planner.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { GrammarConstraint } from "../../lib/grammar/constraint.ts";
import { Llguidance } from "../../lib/grammar/llguidance.ts";
import type { Matcher } from "../../lib/grammar/matcher.ts";
import { grammarVocabulary } from "../../lib/grammar/vocabulary.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { callGrammar } from "../../lib/tools/call_grammar.ts";
import { CallReader } from "../../lib/tools/call_reader.ts";
import type { Tool, ToolPart, ToolUse } from "../../lib/tools/tool.ts";
import { HERMES, type ToolFormat } from "../../lib/tools/tool_format.ts";
import { decodedPlainly, decodedWithDrafts, run } from "../bita/_run.ts";
import { alike, FLAT, guessSources } from "../bita/_sources.ts";
import { AJV, SCHEMAS } from "../grammar/_schemas.ts";
import { toyVocabulary } from "../text/_toy.ts";
import { ToyModel } from "../toy/model.ts";
import { FORMATS } from "./_write.ts";

const DRAFTERS: Drafter[] = ["mask", "hydra", "ngram", "recycle"];
const PROMPT = Int32Array.of(97, 98, 97);
const MAX_TOKENS = 250;

const TOKENIZER = new Tokenizer(toyVocabulary({
  merges: ['{ "', '" :', "a b", '" ,', "1 2"],
  controls: [
    ...["<|im_end|>", "<|endoftext|>"],
    ...new Set(FORMATS.flatMap(({ controls }) => controls)),
  ],
}));
const VOCABULARY = grammarVocabulary(TOKENIZER);
const LLGUIDANCE = await Llguidance.open(VOCABULARY.bytes);

/** Fifty tools, whose names and schemas differ. */
const TOOLS: Tool[] = SCHEMAS
  .filter(([name]) => name.endsWith(" beside others"))
  .slice(0, 50)
  .map(([name, parameters], i) => ({
    name: `${name.replace(/\W+/g, "_").slice(0, 30)}-${i}`,
    description: name,
    parameters,
  }));

/** What FunctionGemma's notation does not enforce. */
const UNENFORCED = /pattern|date|time|address|UUID|URI|allOf|map/;

/** Decodes plainly or with drafts. */
async function answer(
  grammar: Matcher,
  { seed, temperature, drafts }: {
    seed: number;
    temperature: number;
    drafts: boolean;
  },
) {
  const vocab = TOKENIZER.size;
  const model = new ToyModel({ seed, vocab, words: 9, context: 512 });
  using constraint = new GrammarConstraint(
    grammar.clone(),
    VOCABULARY,
  );
  const options = {
    sampling: { ...GREEDY, temperature, seed },
    maxTokens: MAX_TOKENS,
    endTokens: TOKENIZER.endTokens,
    constraint,
  };
  if (!drafts) return await run(decodedPlainly(model, PROMPT, options));
  const { masks, maxRows } = model.shape;
  const planner = new CostPlanner({
    ...guessSources(model, {
      prompt: PROMPT,
      drafters: DRAFTERS,
      acceptance: alike(60, { masks }),
    }),
    constraint,
    cost: FLAT,
    masks,
    maxRows,
  });
  return await run(
    decodedWithDrafts(model, PROMPT, { ...options, planner }),
  );
}

/** Reads the calls of an answer. */
function read(tokens: number[], format: ToolFormat): ToolPart[] {
  const bytes = tokens.flatMap((id) =>
    TOKENIZER.isControl(id) && format.controls.includes(TOKENIZER.spelling(id))
      ? [...new TextEncoder().encode(TOKENIZER.spelling(id))]
      : [...TOKENIZER.bytes(id)]
  );
  const reader = new CallReader(format, TOOLS);
  const text = new TextDecoder().decode(Uint8Array.from(bytes));
  return [...reader.push(text), ...reader.flush()];
}

for (const format of FORMATS) {
  // All formats but one share most of what is tested.
  const tools = TOOLS.filter((_, i) => format === HERMES || i % 5 === 1);

  Deno.test(`${format.name}: calls of ${tools.length} tools fit their schemas, and are the same with drafts`, async () => {
    let whole = 0;
    for (const [i, { name }] of tools.entries()) {
      const some = [i, i + 1, i + 2].map((at) => tools[at % tools.length]);
      const isNamed = i % 2 === 0;
      const use: ToolUse = {
        tools: some,
        callable: isNamed ? [name] : some.map(({ name }) => name),
        required: true,
        parallel: false,
      };
      const written = callGrammar(use, format, {
        control: (spelling) => TOKENIZER.controlId(spelling),
      });
      using grammar = LLGUIDANCE.compile("lark", written);
      for (const temperature of [0, 0.8]) {
        const options = { seed: i, temperature };
        const plain = await answer(grammar, { ...options, drafts: false });
        const drafted = await answer(grammar, { ...options, drafts: true });
        assertEquals(drafted.tokens, plain.tokens, name);
        assertEquals(drafted.finish, plain.finish, name);
        if (plain.finish === "length") continue;
        whole++;
        const [call, ...args] = read(plain.tokens, format);
        const json = args.map((part) =>
          part.type === "arguments" ? part.text : "an unknown part"
        ).join("");
        const called = call.type === "call" ? call.name : "none";
        assert(use.callable.includes(called), called);
        const { parameters, description } = TOOLS.find(({ name }) =>
          name === called
        )!;
        const value = JSON.parse(json);
        if (format.name === "gemma" && UNENFORCED.test(description!)) continue;
        assert(AJV.validate(parameters!, value), `${description}: ${json}`);
      }
    }
    assertEquals(TOOLS.length, 50);
    assert(whole > 0.8 * 2 * tools.length, `${whole} calls are whole`);
  });
}
