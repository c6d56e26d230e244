/**
 * Chat completions as OpenAI sends them: one object, or chunks in a fixed order:
 * the role, the text, the finish, the usage if asked for, `[DONE]`.
 *
 * @module
 */

import type { ChatCompletion, ChatCompletionChunk } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import {
  collect,
  DONE,
  missingEnd,
  type ReplyHead,
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
): Promise<ChatCompletion & Timed> {
  const { text, end } = await collect(events);
  return {
    ...head,
    object: "chat.completion",
    choices: [{
      index: 0,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: null,
      finish_reason: end.finishReason,
    }],
    usage: toUsage(end.usage),
    timings: end.timings,
  };
}

/** Yields the data of the events of a chat completion stream. */
export async function* toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  { includeUsage, continuousUsage }: StreamOptions,
): AsyncGenerator<string> {
  const early = includeUsage ? { ...head, usage: null } : head;
  let begun = false;
  for await (const event of events) {
    if (!begun) {
      yield chunk(early, [choice({ role: "assistant", content: "" })]);
    }
    begun = true;
    if (event.type === "prompt") {
      yield chunk({ ...early, prompt_trace: event.parts }, []);
      continue;
    }
    if (event.type === "text") {
      const text = [choice({ content: event.text })];
      const usage = continuousUsage && {
        usage: toUsage(event.counts.usage),
      };
      yield chunk({ ...early, ...usage, ...toTrace(event) }, text);
      continue;
    }
    const { finishReason, timings } = event;
    const finish = [choice({}, finishReason)];
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

type Chunk = ChatCompletionChunk & Timed & Traced;

function chunk(
  head: Omit<Chunk, "object" | "choices">,
  choices: Chunk["choices"],
): string {
  const object: Chunk["object"] = "chat.completion.chunk";
  return JSON.stringify({ ...head, object, choices } satisfies Chunk);
}

function choice(
  delta: ChatCompletionChunk.Choice.Delta,
  finish_reason: ChatCompletionChunk.Choice["finish_reason"] = null,
): ChatCompletionChunk.Choice {
  return { index: 0, delta, logprobs: null, finish_reason };
}
