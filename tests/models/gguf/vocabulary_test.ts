import { assertEquals, assertThrows } from "@std/assert";
import type { Metadata } from "../../../models/gguf/field.ts";
import { ggufVocabulary } from "../../../models/gguf/vocabulary.ts";

const METADATA: Metadata = {
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "smollm",
  "tokenizer.ggml.tokens": ["<|end|>", "a", "b", "ab"],
  "tokenizer.ggml.token_type": [3, 1, 1, 1],
  "tokenizer.ggml.merges": ["a b"],
  "tokenizer.ggml.bos_token_id": 0,
  "tokenizer.ggml.eos_token_id": 0,
  "tokenizer.ggml.add_bos_token": true,
  "tokenizer.chat_template": "{{ messages[0].content }}",
};

/** Returns the metadata without the field `key`. */
function without(key: string): Metadata {
  const { [key]: _, ...rest } = METADATA;
  return rest;
}

Deno.test("ggufVocabulary() reads the tokenizer's fields", () => {
  assertEquals(ggufVocabulary(METADATA), {
    model: "gpt2",
    pre: "smollm",
    tokens: ["<|end|>", "a", "b", "ab"],
    types: [3, 1, 1, 1],
    merges: ["a b"],
    bosToken: 0,
    eosToken: 0,
    addBosToken: true,
    chatTemplate: "{{ messages[0].content }}",
  });
});

Deno.test("ggufVocabulary() needs only a model and tokens", () => {
  const metadata = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b"],
  };
  assertEquals(ggufVocabulary(metadata), {
    model: "gpt2",
    pre: "default",
    tokens: ["a", "b"],
    types: [1, 1],
    merges: [],
  });
});

Deno.test("ggufVocabulary() knows the marks of turns, whatever their type", () => {
  const tokens = ["a", "<|im_start|>", "<|im_end|>"];
  const metadata = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": tokens,
  };
  assertEquals(ggufVocabulary(metadata).types, [1, 3, 3]);
  const typed = { ...metadata, "tokenizer.ggml.token_type": [1, 4, 1] };
  assertEquals(ggufVocabulary(typed).types, [1, 3, 3]);
});

Deno.test("ggufVocabulary() takes an empty template and ChatML's name for none", () => {
  for (const template of ["", "chatml"]) {
    const metadata = { ...METADATA, "tokenizer.chat_template": template };
    assertEquals(ggufVocabulary(metadata).chatTemplate, undefined);
  }
});

Deno.test("ggufVocabulary() refuses a file without a tokenizer", () => {
  for (const key of ["tokenizer.ggml.model", "tokenizer.ggml.tokens"]) {
    assertThrows(
      () => ggufVocabulary(without(key)),
      TypeError,
      `${key} must be`,
    );
  }
});

Deno.test("ggufVocabulary() refuses fields of the wrong type", () => {
  const cases: [key: string, value: Metadata[string], message: string][] = [
    ["tokenizer.ggml.tokens", [1, 2], "list of strings: received a list of 2"],
    ["tokenizer.ggml.token_type", ["x"], "list of numbers"],
    ["tokenizer.ggml.add_bos_token", 1, "a boolean: received 1"],
    ["tokenizer.ggml.eos_token_id", -1, "at least 0: received -1"],
    ["tokenizer.chat_template", true, "a string: received true"],
  ];
  for (const [key, value, message] of cases) {
    const metadata = { ...METADATA, [key]: value };
    assertThrows(() => ggufVocabulary(metadata), TypeError, message);
  }
});

Deno.test("ggufVocabulary() refuses ids and types beyond the tokens", () => {
  assertThrows(
    () => ggufVocabulary({ ...METADATA, "tokenizer.ggml.bos_token_id": 4 }),
    RangeError,
    "bos_token_id must be below 4: received 4",
  );
  assertThrows(
    () => ggufVocabulary({ ...METADATA, "tokenizer.ggml.token_type": [1] }),
    RangeError,
    "must have 4 items: received 1",
  );
});
