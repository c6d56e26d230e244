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
  DONE,
  missingEnd,
  type ReplyHead,
  type ReplyOptions,
  type StreamOptions,
  type Timed,
  toTrace,
  toUsage,
  type Traced,
} from "./reply.ts";

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
export async function* toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  { includeUsage, continuousUsage, choices = 1 }: StreamOptions,
): AsyncGenerator<string> {
  const early = includeUsage ? { ...head, usage: null } : head;
  const begun = new Set<number>();
  const called = new Set<number>();
  let open = choices;
  for await (const event of events) {
    const index = event.choice ?? 0;
    if (!begun.has(index)) {
      yield chunk(early, [choice(index, { role: "assistant", content: "" })]);
    }
    begun.add(index);
    if (event.type === "prompt") {
      yield chunk({ ...early, prompt_trace: event.parts }, []);
      continue;
    }
    if (event.type === "text") {
      const { text, calls = [], pass } = event;
      const logprobs = toChatLogprobs(event.tokens);
      const usage = continuousUsage && {
        usage: toUsage(event.counts.usage),
      };
      if (text !== "" || logprobs?.content?.length || pass) {
        const delta = { ...choice(index, { content: text }), logprobs };
        yield chunk({ ...early, ...usage, ...toTrace(event) }, [delta]);
      }
      for (const part of calls) {
        const call = toCallDelta(answerId(head, index), part);
        yield chunk({ ...early, ...usage }, [
          choice(index, { tool_calls: [call] }),
        ]);
        called.add(index);
      }
      continue;
    }
    const { timings } = event;
    const finish = [
      choice(index, {}, toFinish(event.finishReason, called.has(index))),
    ];
    if (--open > 0) {
      yield chunk(early, finish);
      continue;
    }
    if (includeUsage) {
      yield chunk(early, finish);
      yield chunk({ ...head, usage: toUsage(event.usage), timings }, []);
    } else {
      yield chunk({ ...head, timings }, finish);
    }
    return yield DONE;
  }
  throw missingEnd();
}

/** Returns an id for each answer of a reply, from which those of its calls are made. */
function answerId({ id }: ReplyHead, index: number): string {
  return index === 0 ? id : `${id}_${index}`;
}

type Chunk = ChatCompletionChunk & Timed & Traced;

function chunk(
  head: Omit<Chunk, "object" | "choices">,
  choices: Chunk["choices"],
): string {
  const object: Chunk["object"] = "chat.completion.chunk";
  return JSON.stringify({ ...head, object, choices } satisfies Chunk);
}

function choice(
  index: number,
  delta: ChatCompletionChunk.Choice.Delta,
  finish_reason: ChatCompletionChunk.Choice["finish_reason"] = null,
): ChatCompletionChunk.Choice {
  return { index, delta, logprobs: null, finish_reason };
}
