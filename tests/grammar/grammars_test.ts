import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Grammar } from "../../lib/grammar/grammar.ts";
import type { GrammarImage } from "../../lib/grammar/llguidance.ts";
import { Grammars } from "../../lib/grammar/grammars.ts";
import { GrammarError } from "../../lib/grammar/matcher.ts";
import { GrammarCheck } from "../../lib/grammar/grammar_check.ts";
import { openTokenizer, readVocabulary } from "../../lib/grammar/vocabulary.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
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

Deno.test("Grammars follows what another thread has compiled", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  await writeTinyGguf(path, { seed: 1 });
  const tokenizer = await openTokenizer(path);
  const grammar: Grammar = {
    type: "json_schema",
    schema: { type: "object", properties: { the: { enum: ["in", "on"] } } },
  };
  const { signal } = new AbortController();
  const images: (GrammarImage | undefined)[] = [];
  for (const heavyMs of [0, Infinity]) {
    using check = new GrammarCheck(tokenizer, { path, heavyMs });
    const image = await check.check(grammar, { param: "p", signal });
    assertEquals(image?.matcher !== undefined, heavyMs === 0);
    const again = await check.check(grammar, { param: "p", signal });
    assert(image && again === image);
    images.push(image);
  }
  /** Follows a text, and lists what may come at each of its places. */
  const masks = async (grammars: Grammars, image?: GrammarImage) => {
    using constraint = await grammars.constraint(grammar, image);
    return [...tokenizer.encode('{"the":"on"}')].map((token) => {
      const mask = [...constraint.mask()];
      constraint.commit(token);
      return mask;
    });
  };
  const grammars = () => new Grammars(() => readVocabulary(path));
  const expected = await masks(grammars(), undefined);
  for (const image of images) {
    const shared = grammars();
    assertEquals(await masks(shared, image), expected);
    assertEquals(await masks(shared, image), expected);
  }
  await Deno.remove(path);
});
