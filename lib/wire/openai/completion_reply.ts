/**
 * Text completions as OpenAI sends them, whole or in chunks.
 *
 * @module
 */

import type { Completion, CompletionChoice } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import { toTextLogprobs } from "./logprobs.ts";
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
export async function* toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  { includeUsage, continuousUsage, choices = 1 }: StreamOptions,
): AsyncGenerator<string> {
  const early = includeUsage ? { ...head, usage: null } : head;
  let open = choices;
  for await (const event of events) {
    const index = event.choice ?? 0;
    if (event.type === "prompt") {
      yield chunk({ ...early, prompt_trace: event.parts }, []);
      continue;
    }
    if (event.type === "text") {
      const usage = continuousUsage && {
        usage: toUsage(event.counts.usage),
      };
      const text = {
        ...choice(index, event.text),
        logprobs: toTextLogprobs(event.tokens),
      };
      yield chunk({ ...early, ...usage, ...toTrace(event) }, [text]);
      continue;
    }
    const { finishReason, timings } = event;
    const finish = [choice(index, "", finishReason)];
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

/** The client's type has no `null`s, but its API sends them in streams. */
interface Chunk extends Omit<Completion, "choices" | "usage">, Timed, Traced {
  choices: Choice[];
  usage?: Completion["usage"] | null;
}

interface Choice extends Omit<CompletionChoice, "finish_reason"> {
  finish_reason: CompletionChoice["finish_reason"] | null;
}

function chunk(
  head: Omit<Chunk, "object" | "choices">,
  choices: Choice[],
): string {
  const object: Chunk["object"] = "text_completion";
  return JSON.stringify({ ...head, object, choices } satisfies Chunk);
}

function choice(
  index: number,
  text: string,
  finish_reason: Choice["finish_reason"] = null,
): Choice {
  return { text, index, logprobs: null, finish_reason };
}
