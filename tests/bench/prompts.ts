/**
 * The prompts that benchmarks run: a file's, spread evenly over its categories.
 *
 * @module
 */

import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { realGguf } from "../real_model.ts";
import { integer } from "./benchmark.ts";

const TESTS = new URL("../", import.meta.url);

/** A line of a file of prompts: ours, or MT-Bench's. */
interface Line {
  category?: string;
  prompt?: string;
  turns?: string[];
}

/** What a user asks, and what kind of question that is. */
export interface Prompt {
  category: string;
  text: string;
}

/** A prompt as the model reads it. */
export interface EncodedPrompt extends Prompt {
  ids: Int32Array;
}

/** The options of benchmarks that run prompts. */
export function promptOptions(
  { limit, tokens }: { limit: number; tokens: number },
) {
  return {
    prompts: {
      about: "file of JSON lines with prompt or turns, and category",
      default: "tests/prompts.jsonl",
    },
    limit: {
      about: "most prompts, taken evenly from the file",
      default: String(limit),
    },
    tokens: { about: "most tokens an answer", default: String(tokens) },
  };
}

/** Reads prompts, a JSON object a line; of several turns, the first. */
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

/** Takes `limit` items at equal distances, or all if there are fewer. */
export function spread<T>(items: readonly T[], limit: number): T[] {
  const count = Math.min(items.length, limit);
  return Array.from(
    { length: count },
    (_, i) => items[Math.floor(i * items.length / count)],
  );
}

/** Prompts, and what encoded them. */
export interface LoadedPrompts {
  prompts: EncodedPrompt[];
  tokenizer: Tokenizer;
  /** Encodes what a user asks as a whole chat. */
  encode(text: string): Int32Array;
}

/** Reads and encodes the prompts that the options name. */
export async function loadPrompts(
  values: Record<string, string>,
): Promise<LoadedPrompts> {
  const lines = await Deno.readTextFile(values.prompts);
  const chosen = spread(parsePrompts(lines), integer(values, "limit"));
  const vocabulary = ggufVocabulary((await realGguf()).metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const encode = (text: string) =>
    template.encode([{ role: "user", content: text }]);
  const prompts = chosen.map((prompt) => ({
    ...prompt,
    ids: encode(prompt.text),
  }));
  return { prompts, tokenizer, encode };
}

/** Writes prompts of about so many tokens, none of which begins like another. */
export interface LongPrompts {
  /** Puts as much text before `question` as is missing; `index` chooses which. */
  write(question: string, options: { index: number; tokens: number }): string;
}

/** Makes {@linkcode LongPrompts} out of the texts that tests use. */
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
