import { assertEquals, assertRejects } from "@std/assert";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import { Grammars } from "../../lib/grammar/grammars.ts";
import { GrammarError } from "../../lib/grammar/llguidance.ts";
import { textOf, VOCABULARY } from "./_toy.ts";

Deno.test("Grammars compiles other grammars after one that breaks the compiler", async () => {
  const grammars = new Grammars(() => Promise.resolve(VOCABULARY));
  const sound: Grammar = { type: "regex", regex: "abc" };
  const rules = Array.from({ length: 9000 }, (_, i) => `r${i}: r${i + 1}`);
  const breaks: Grammar = {
    type: "lark",
    grammar: ["start: r0", ...rules, 'r9000: "a"'].join("\n"),
  };
  await assertRejects(() => grammars.constraint(breaks), GrammarError);
  using after = await grammars.constraint(sound);
  assertEquals(textOf(after.forced()), "abc");
});

Deno.test("Grammars names what the compiler does not accept", async () => {
  const grammars = new Grammars(() => Promise.resolve(VOCABULARY));
  await assertRejects(
    () => grammars.constraint({ type: "regex", regex: "(" }),
    GrammarError,
    "unclosed group",
  );
});
