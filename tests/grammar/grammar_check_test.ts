import { assert, assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import { GrammarCheck } from "../../lib/grammar/grammar_check.ts";
import { HOSTILE, LAZY } from "./_hostile.ts";
import { TOKENIZER } from "./_toy.ts";

const { signal } = new AbortController();

Deno.test("GrammarCheck refuses hostile grammars", async (t) => {
  assert(HOSTILE.length >= 40);
  using check = new GrammarCheck(TOKENIZER);
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
});

Deno.test("GrammarCheck accepts what needs no work before it is used", async () => {
  using check = new GrammarCheck(TOKENIZER);
  for (const grammar of LAZY) {
    await check.check(grammar, { param: "p", signal });
  }
});

Deno.test("GrammarCheck names the keyword that cannot be enforced, and its place", async () => {
  using check = new GrammarCheck(TOKENIZER);
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

Deno.test("GrammarCheck accepts control tokens by name and by id", async () => {
  using check = new GrammarCheck(TOKENIZER);
  const [end] = TOKENIZER.endTokens;
  for (const token of ["<|im_end|>", `<[${end}]>`]) {
    await check.check({ type: "lark", grammar: `start: "a" ${token} "b"` }, {
      param: "p",
      signal,
    });
  }
});

Deno.test("GrammarCheck leaves when its signal aborts", async () => {
  using check = new GrammarCheck(TOKENIZER);
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
  });
  await assertRejects(
    () => check.check({ type: "json_object" }, { param: "p", signal }),
    RangeError,
    "no spelling",
  );
});
