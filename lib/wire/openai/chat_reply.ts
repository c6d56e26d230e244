/**
 * Chat completions as OpenAI sends them: one object, or chunks in a fixed order:
 * the role, the text, the finish, the usage if asked for, `[DONE]`.
 *
 * @module
 */

import type { ChatCompletion, ChatCompletionChunk } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import { toCallDelta, toFinish, toToolCalls } from "./tools/tool_reply.ts";
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
  const { text, calls, end } = await collect(events);
  const toolCalls = toToolCalls(head.id, calls);
  return {
    ...head,
    object: "chat.completion",
    choices: [{
      index: 0,
      message: {
        role: "assistant",
        content: calls.length > 0 && text === "" ? null : text,
        refusal: null,
        ...calls.length > 0 && { tool_calls: toolCalls },
      },
      logprobs: null,
      finish_reason: toFinish(end.finishReason, calls.length > 0),
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
  let called = false;
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
      const { text, calls = [], pass } = event;
      const usage = continuousUsage && {
        usage: toUsage(event.counts.usage),
      };
      if (text !== "" || pass) {
        const delta = [choice({ content: text })];
        yield chunk({ ...early, ...usage, ...toTrace(event) }, delta);
      }
      for (const part of calls) {
        const delta = { tool_calls: [toCallDelta(head.id, part)] };
        yield chunk({ ...early, ...usage }, [choice(delta)]);
        called = true;
      }
      continue;
    }
    const { timings } = event;
    const finish = [choice({}, toFinish(event.finishReason, called))];
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
