import { assert, assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import { GrammarCheck } from "../../lib/grammar/grammar_check.ts";
import { findExcess } from "../../lib/grammar/limits.ts";
import { Llguidance } from "../../lib/grammar/llguidance.ts";
import { toSource } from "../../lib/grammar/notation.ts";
import { countWorkers } from "../_workers.ts";
import { HOSTILE, LAZY } from "./_hostile.ts";
import { TOKENIZER, VOCABULARY } from "./_toy.ts";

const { signal } = new AbortController();

Deno.test("GrammarCheck refuses hostile grammars", async (t) => {
  assert(HOSTILE.length >= 40);
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  await check.check({ type: "json_object" }, { param: "p", signal });
  for (const [title, grammar] of HOSTILE) {
    await t.step(title, async () => {
      const error = await assertRejects(
        () => check.check(grammar, { param: "p", signal }),
        ApiError,
        "Cannot read the request: p",
      );
      assertEquals([error.status, error.param], [400, "p"]);
      assert(error.message.length < 500, error.message);
    });
  }
  await check.check({ type: "choice", choices: ["good"] }, {
    param: "p",
    signal,
  });
});

Deno.test("Llguidance needs no more memory for hostile grammars that come again", async () => {
  const { bytes: vocabulary } = VOCABULARY;
  // The chain overflows the stack, after which the engine is opened anew.
  const sources = HOSTILE
    .filter(([title]) => !title.endsWith("chain"))
    .filter(([, grammar]) => !findExcess(grammar))
    .map(([, grammar]) => toSource(grammar));
  const llguidance = await Llguidance.open(vocabulary);
  const sizes: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const { notation, data } of sources) {
      try {
        llguidance.compile(notation, data)[Symbol.dispose]();
      } catch {
        // It is refused.
      }
    }
    assert(llguidance.isSound);
    sizes.push(llguidance.bytes);
  }
  assert(sizes[0] < 64 * 2 ** 20, `${sizes[0]} bytes`);
  assertEquals(sizes[2], sizes[1]);
  using good = llguidance.compile("regex", "good");
  assertEquals(good.valid([..."good"].map((c) => c.charCodeAt(0))), 4);
});

Deno.test("GrammarCheck accepts what needs no work before it is used", async () => {
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  for (const grammar of LAZY) {
    await check.check(grammar, { param: "p", signal });
  }
});

Deno.test("GrammarCheck names the keyword that cannot be enforced, and its place", async () => {
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  const not = { type: "object", properties: { "a/b": { not: {} } } };
  const grammar: Grammar = { type: "json_schema", schema: not };
  const error = await assertRejects(
    () => check.check(grammar, { param: "tools", signal }),
    ApiError,
  );
  assertEquals(
    error.message,
    'Cannot read the request: tools at #/properties/a~1b must have only keywords that can be enforced: received "not"',
  );
});

Deno.test("GrammarCheck says why a pattern cannot be enforced", async () => {
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  const schema = { type: "string", pattern: "^(?=a)" };
  await assertRejects(
    () => check.check({ type: "json_schema", schema }, { param: "p", signal }),
    ApiError,
    "received regex parse error: look-around, ",
  );
});

Deno.test("GrammarCheck accepts control tokens by name and by id", async () => {
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  const [end] = TOKENIZER.endTokens;
  for (const token of ["<|im_end|>", `<[${end}]>`]) {
    await check.check({ type: "lark", grammar: `start: "a" ${token} "b"` }, {
      param: "p",
      signal,
    });
  }
});

Deno.test("GrammarCheck leaves when its signal aborts", async () => {
  using check = new GrammarCheck(TOKENIZER, { path: "" });
  await assertRejects(
    () =>
      check.check({ type: "regex", regex: "a" }, {
        param: "p",
        signal: AbortSignal.abort(new Error("left")),
      }),
    Error,
    "left",
  );
});

Deno.test("GrammarCheck blames no grammar where the compiler does not start", async () => {
  using check = new GrammarCheck({
    size: 1,
    isControl: () => true,
    spelling: () => {
      throw new RangeError("no spelling");
    },
    endTokens: new Set([0]),
  }, { path: "" });
  await assertRejects(
    () => check.check({ type: "json_object" }, { param: "p", signal }),
    RangeError,
    "no spelling",
  );
});

Deno.test("GrammarCheck ends workers that are not to be kept", async () => {
  using workers = countWorkers();
  const check = new GrammarCheck(TOKENIZER, { path: "", isKept: false });
  const grammars: Grammar[] = [
    { type: "json_object" },
    { type: "regex", regex: "a" },
  ];
  await Promise.all(
    grammars.map((grammar) => check.check(grammar, { param: "p", signal })),
  );
  await new Promise((resolve) => setTimeout(resolve));
  // Each has a worker, and the engine with all tokens one.
  assertEquals([workers.opened, workers.live], [3, 0]);
});
