/**
 * Chat completions as OpenAI sends them: one object, or chunks in a fixed order:
 * the role, the text, the finish, the usage if asked for, `[DONE]`.
 *
 * @module
 */

import type { ChatCompletion, ChatCompletionChunk } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import { toChatLogprobs } from "./logprobs.ts";
import { toCallDelta, toFinish, toToolCalls } from "./tools/tool_reply.ts";
import {
  collect,
  type ReplyHead,
  type ReplyOptions,
  type StreamOptions,
  type Timed,
  toUsage,
} from "./reply.ts";
import { type ChunkHead, toChunks } from "./chunks.ts";

/** Waits for a generation and makes one chat completion of it. */
export async function toCompletion(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  options: ReplyOptions = {},
): Promise<ChatCompletion & Timed> {
  const { answers, end } = await collect(events, options);
  return {
    ...head,
    object: "chat.completion",
    choices: answers.map(({ text, tokens, calls, finishReason }, index) => ({
      index,
      message: {
        role: "assistant",
        content: calls.length > 0 && text === "" ? null : text,
        refusal: null,
        ...calls.length > 0 && {
          tool_calls: toToolCalls(answerId(head, index), calls),
        },
      },
      logprobs: toChatLogprobs(tokens),
      finish_reason: toFinish(finishReason, calls.length > 0),
    })),
    usage: toUsage(end.usage),
    timings: end.timings,
  };
}

/** Yields the data of the events of a chat completion stream. */
export function toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  options: StreamOptions,
): AsyncGenerator<string> {
  const called = new Set<number>();
  return toChunks(head, events, {
    ...options,
    chunk,
    begin: (index) => choice(index, { role: "assistant", content: "" }),
    *add({ text, tokens, calls = [], pass }, index) {
      const logprobs = toChatLogprobs(tokens);
      if (text !== "" || logprobs?.content?.length || pass) {
        yield { ...choice(index, { content: text }), logprobs };
      }
      for (const part of calls) {
        const call = toCallDelta(answerId(head, index), part);
        yield choice(index, { tool_calls: [call] });
        called.add(index);
      }
    },
    finish: ({ finishReason }, index) =>
      choice(index, {}, toFinish(finishReason, called.has(index))),
  });
}

/** Returns an id for each answer of a reply, from which those of its calls are made. */
function answerId({ id }: ReplyHead, index: number): string {
  return index === 0 ? id : `${id}_${index}`;
}

function chunk(
  head: ChunkHead,
  choices: ChatCompletionChunk.Choice[],
): ChatCompletionChunk {
  return { ...head, object: "chat.completion.chunk", choices };
}

function choice(
  index: number,
  delta: ChatCompletionChunk.Choice.Delta,
  finish_reason: ChatCompletionChunk.Choice["finish_reason"] = null,
): ChatCompletionChunk.Choice {
  return { index, delta, logprobs: null, finish_reason };
}
