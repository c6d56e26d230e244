/**
 * Vocabularies and templates that are missing or wrong, and odd ones that mean the same.
 *
 * @module
 */

import { tinyVocabulary } from "../../toy/tiny_gguf.ts";
import {
  f32Value,
  i32sValue,
  textsValue,
  textValue,
  u32Value,
} from "../gguf/_file.ts";
import {
  type Change,
  entry,
  type FileCase,
  numberValue,
  refused,
  served,
  withoutEntry,
} from "./_case.ts";

const { tokens, types, merges } = tinyVocabulary();

const set = (key: string, value: Uint8Array): Change =>
  entry(`tokenizer.${key}`, value);

const without = (key: string): Change => withoutEntry(`tokenizer.${key}`);

const template = (name: string, source: string, reason: string): FileCase =>
  refused(
    `a template with ${name}`,
    reason,
    set("chat_template", textValue(source)),
  );

/** The vocabulary with another type of its marks of turns. */
const marksOf = (type: number): Change =>
  set(
    "ggml.token_type",
    i32sValue(types.map((t, id) => tokens[id].startsWith("<|im_") ? type : t)),
  );

export const VOCABULARIES = [
  refused(
    "no kind of vocabulary",
    "tokenizer.ggml.model must be a string: received none",
    without("ggml.model"),
  ),
  ...["bert", "t5", "rwkv", "plamo2", "none", ""].map((kind) =>
    refused(
      `a vocabulary of kind "${kind}"`,
      `the model must be gpt2 or llama: received ${kind}`,
      set("ggml.model", textValue(kind)),
    )
  ),
  refused(
    "a pre-tokenizer that is not known",
    "received gpt-9",
    set("ggml.pre", textValue("gpt-9")),
  ),
  refused(
    "no tokens",
    "tokenizer.ggml.tokens must be a list of strings: received none",
    without("ggml.tokens"),
  ),
  refused(
    "numbers for tokens",
    "tokenizer.ggml.tokens must be a list of strings: received a list of 2",
    set("ggml.tokens", i32sValue([1, 2])),
  ),
  refused(
    "types for some of the tokens",
    "tokenizer.ggml.token_type must have 300 items: received 299",
    set("ggml.token_type", i32sValue(types.slice(1))),
  ),
  refused(
    "words for types",
    "tokenizer.ggml.token_type must be a list of numbers",
    set("ggml.token_type", textsValue(tokens)),
  ),
  refused(
    "numbers for merges",
    "tokenizer.ggml.merges must be a list of strings",
    set("ggml.merges", i32sValue([1, 2])),
  ),
  ...["bos", "eos"].flatMap((name) => [
    refused(
      `an ${name} token after all tokens`,
      `tokenizer.ggml.${name}_token_id must be below 300: received 300`,
      set(`ggml.${name}_token_id`, u32Value(300)),
    ),
    refused(
      `the ${name} token -1`,
      `tokenizer.ggml.${name}_token_id must be a whole number`,
      set(
        `ggml.${name}_token_id`,
        numberValue(5, 4, (view) => view.setInt32(0, -1, true)),
      ),
    ),
  ]),
  refused(
    "half an eos token",
    "tokenizer.ggml.eos_token_id must be a whole number",
    set("ggml.eos_token_id", f32Value(1.5)),
  ),
  refused(
    "a number for a flag",
    "tokenizer.ggml.add_bos_token must be a boolean: received 1",
    set("ggml.add_bos_token", u32Value(1)),
  ),
  template("an end that is missing", "{% if messages %}", "it must be Jinja"),
  template("half an expression", "{{ messages[", "it must be Jinja"),
  template("an unknown statement", "{% include 'x' %}", "it must be Jinja"),
  refused(
    "a number for a template",
    "tokenizer.chat_template must be a string: received 1",
    set("chat_template", u32Value(1)),
  ),
  ...["", " \n", "chatml"].map((source) =>
    served(
      `the template ${JSON.stringify(source)}`,
      set("chat_template", textValue(source)),
    )
  ),
  served("no types of tokens", without("ggml.token_type")),
  served("marks of turns that are ordinary", marksOf(1)),
  served("marks of turns that users define", marksOf(4)),
  served("marks of turns of an unknown type", marksOf(99)),
  served("no name of a pre-tokenizer", without("ggml.pre")),
  served("no eos token", without("ggml.eos_token_id")),
  served("fewer tokens than rows of the embedding", (tiny) => {
    const fewer = set("ggml.tokens", textsValue(tokens.slice(0, -1)))(tiny);
    const value = i32sValue(types.slice(0, -1));
    return set("ggml.token_type", value)(fewer as typeof tiny);
  }),
  refused(
    "a merge without a second part",
    'tokenizer.ggml.merges must make tokens: received "zz"',
    set("ggml.merges", textsValue([...merges, "zz"])),
  ),
  refused(
    "a merge to what is no token",
    'tokenizer.ggml.merges must make tokens: received "q x"',
    set("ggml.merges", textsValue([...merges, "q x"])),
  ),
  served(
    "a merge twice",
    set("ggml.merges", textsValue([...merges, merges[0]])),
  ),
  served("a token outside the alphabet of bytes", (tiny) => {
    const other = set("ggml.tokens", textsValue(tokens.with(-1, "你好")))(tiny);
    const value = i32sValue(types.with(-1, 1));
    return set("ggml.token_type", value)(other as typeof tiny);
  }),
];
