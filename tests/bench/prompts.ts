/**
 * The prompts of the benchmarks: lines of a file, spread evenly over its categories.
 *
 * @module
 */

import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { realGguf } from "../real_model.ts";
import { integer } from "./benchmark.ts";

const TESTS = new URL("../", import.meta.url);

/** A line of `tests/prompts.jsonl` or of MT-Bench. */
interface Line {
  category?: string;
  prompt?: string;
  turns?: string[];
}

/** A user message and its category. */
export interface Prompt {
  category: string;
  text: string;
}

/** A prompt with its token ids, chat template included. */
export interface EncodedPrompt extends Prompt {
  ids: Int32Array;
}

/** The command-line options of benchmarks that use prompts. */
export function promptOptions(
  { limit, tokens }: { limit: number; tokens: number },
) {
  return {
    prompts: {
      about: "file of JSON lines with `prompt` or `turns`, and `category`",
      default: "tests/prompts.jsonl",
    },
    limit: {
      about: "most prompts, spread evenly over the file",
      default: String(limit),
    },
    tokens: { about: "most tokens an answer", default: String(tokens) },
  };
}

/**
 * Parses prompts, one JSON object a line; of several turns, the first.
 *
 * @throws {SyntaxError} if a line has neither `prompt` nor `turns`.
 */
export function parsePrompts(jsonLines: string): Prompt[] {
  return jsonLines.trim().split("\n").map((json, index) => {
    const { category = "any", prompt, turns }: Line = JSON.parse(json);
    const text = prompt ?? turns?.[0];
    if (text !== undefined) return { category, text };
    throw new SyntaxError(
      `Cannot read prompts: "prompt" or "turns" is required: received neither in line ${
        index + 1
      }`,
    );
  });
}

/** Returns `limit` items at equal distances, or all if there are fewer. */
export function spread<T>(items: readonly T[], limit: number): T[] {
  const count = Math.min(items.length, limit);
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor(i * items.length / count)],
  );
}

/** Prompts, and the means to encode more. */
export interface LoadedPrompts {
  prompts: EncodedPrompt[];
  tokenizer: Tokenizer;
  /** Encodes a user message with the chat template. */
  encode(text: string): Int32Array;
}

/** Loads and encodes the prompts that the options choose. */
export async function loadPrompts(
  values: Record<string, string>,
): Promise<LoadedPrompts> {
  const lines = await Deno.readTextFile(values.prompts);
  const chosen = spread(parsePrompts(lines), integer(values, "limit"));
  const vocabulary = ggufVocabulary((await realGguf()).metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const encode = (text: string) =>
    template.encode({ messages: [{ role: "user", content: text }] });
  const prompts = chosen.map((prompt) => ({
    ...prompt,
    ids: encode(prompt.text),
  }));
  return { prompts, tokenizer, encode };
}

/** Writes long prompts without a common prefix. */
export interface LongPrompts {
  /** Puts text that depends on `index` before `question`, to about `tokens` tokens. */
  write(question: string, options: { index: number; tokens: number }): string;
}

/** Makes {@linkcode LongPrompts} from the texts of the tests. */
export async function longPrompts(tokenizer: Tokenizer): Promise<LongPrompts> {
  const prompts = parsePrompts(
    await Deno.readTextFile(new URL("prompts.jsonl", TESTS)),
  );
  const text = await Deno.readTextFile(new URL("models/text.txt", TESTS));
  const words = [text, ...prompts.map(({ text }) => text)]
    .join(" ").trim().split(/\s+/);
  const tokensAWord = tokenizer.encode(words.join(" ")).length / words.length;
  return {
    write(question, { index, tokens }) {
      const missing = tokens - tokenizer.encode(question).length;
      const count = Math.max(0, Math.round(missing / tokensAWord));
      const first = index * 211;
      const before = Array.from(
        { length: count },
        (_, i) => words[(first + i) % words.length],
      );
      return `${index}. ${before.join(" ")}\n\n${question}`;
    },
  };
}
