import { assertEquals } from "@std/assert";
import { promptParts } from "../../lib/engine/prompt_parts.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { toyVocabulary } from "../text/_toy.ts";

const tokenizer = new Tokenizer(
  toyVocabulary({ controls: ["<|im_start|>", "<|im_end|>", "<|endoftext|>"] }),
);

Deno.test("promptParts() spells control tokens and cuts where the cache ends", () => {
  const prompt = tokenizer.encodeWithControls("<|im_start|>hi<|im_end|>");
  assertEquals(promptParts(prompt, { tokenizer, cached: 2 }), [
    { text: "<|im_start|>h", tokens: 2, cached: true },
    { text: "i<|im_end|>", tokens: 2, cached: false },
  ]);
});

Deno.test("promptParts() puts a character across the cut into the second part", () => {
  const prompt = tokenizer.encode("é");
  assertEquals(promptParts(prompt, { tokenizer, cached: 1 }), [
    { text: "", tokens: 1, cached: true },
    { text: "é", tokens: 1, cached: false },
  ]);
});
