import { assertEquals } from "@std/assert";
import { smallVocabulary } from "../../lib/grammar/vocabulary.ts";
import { TOKENIZER } from "./_toy.ts";

Deno.test("smallVocabulary() has a few arrays, so that it is soon sent", () => {
  const { endTokens } = TOKENIZER;
  const controls = 2;
  const { tokens } = smallVocabulary({
    size: 40_000,
    isControl: (id) => id < controls,
    spelling: (id) => `<|${id}|>`,
    endTokens,
  });
  assertEquals(tokens.length, 40_000);
  assertEquals(new Set(tokens).size, controls + 256 + 1);
});
