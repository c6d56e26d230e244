/**
 * Text completions as OpenAI sends them, whole or in chunks.
 *
 * @module
 */

import type { Completion, CompletionChoice } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import { toTextLogprobs } from "./logprobs.ts";
import { type ChunkHead, toChunks } from "./chunks.ts";
import {
  collect,
  type ReplyHead,
  type ReplyOptions,
  type StreamOptions,
  type Timed,
  toUsage,
} from "./reply.ts";

/** Waits for a generation and makes one text completion of it. */
export async function toCompletion(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  options: ReplyOptions = {},
): Promise<Completion & Timed> {
  const { answers, end } = await collect(events, options);
  return {
    ...head,
    object: "text_completion",
    choices: answers.map(({ text, tokens, finishReason }, index) => ({
      text,
      index,
      logprobs: toTextLogprobs(tokens),
      finish_reason: finishReason,
    })),
    usage: toUsage(end.usage),
    timings: end.timings,
  };
}

/** Yields the data of the events of a text completion stream. */
export function toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  options: StreamOptions,
): AsyncGenerator<string> {
  return toChunks(head, events, {
    ...options,
    chunk,
    *add({ text, tokens }, index) {
      yield { ...choice(index, text), logprobs: toTextLogprobs(tokens) };
    },
    finish: ({ finishReason }, index) => choice(index, "", finishReason),
  });
}

/** The client's type has no `null`s, but its API sends them in streams. */
interface Chunk extends ChunkHead {
  object: Completion["object"];
  choices: Choice[];
}

interface Choice extends Omit<CompletionChoice, "finish_reason"> {
  finish_reason: CompletionChoice["finish_reason"] | null;
}

function chunk(head: ChunkHead, choices: Choice[]): Chunk {
  return { ...head, object: "text_completion", choices };
}

function choice(
  index: number,
  text: string,
  finish_reason: Choice["finish_reason"] = null,
): Choice {
  return { text, index, logprobs: null, finish_reason };
}
