/**
 * A generation as the chunks of a stream, for both resources: the text of each answer,
 * its finish, the usage if asked for, `[DONE]`.
 *
 * @module
 */

import type { CompletionUsage } from "openai/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import {
  DONE,
  type End,
  missingEnd,
  type ReplyHead,
  type StreamOptions,
  type Timed,
  toTrace,
  toUsage,
  type Traced,
} from "./reply.ts";

/** All of a chunk but its choices. */
export interface ChunkHead extends ReplyHead, Timed, Traced {
  usage?: CompletionUsage | null;
}

/** How one resource writes its chunks. */
export interface ChunkOptions<Choice> extends StreamOptions {
  /** Joins a chunk. */
  chunk: (head: ChunkHead, choices: Choice[]) => unknown;
  /** Begins an answer; without it, its first text does. */
  begin?: (index: number) => Choice;
  /** Yields what a piece of text adds to an answer, each for a chunk of its own. */
  add: (event: TextEvent, index: number) => Iterable<Choice>;
  /** Ends an answer. */
  finish: (event: End, index: number) => Choice;
}

type TextEvent = Extract<GenerationEvent, { type: "text" }>;

/** Yields the data of the events of a stream. */
export async function* toChunks<Choice>(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
  options: ChunkOptions<Choice>,
): AsyncGenerator<string> {
  const { includeUsage, continuousUsage, choices = 1, ...format } = options;
  const early = includeUsage ? { ...head, usage: null } : head;
  function chunk(head: ChunkHead, ...choices: Choice[]): string {
    return JSON.stringify(format.chunk(head, choices));
  }
  const begun = new Set<number>();
  let open = choices;
  for await (const event of events) {
    const index = event.choice ?? 0;
    if (format.begin && !begun.has(index)) {
      yield chunk(early, format.begin(index));
    }
    begun.add(index);
    if (event.type === "prompt") {
      yield chunk({ ...early, prompt_trace: event.parts });
      continue;
    }
    if (event.type === "text") {
      const usage = continuousUsage && { usage: toUsage(event.counts.usage) };
      let trace = toTrace(event);
      for (const choice of format.add(event, index)) {
        yield chunk({ ...early, ...usage, ...trace }, choice);
        trace = {};
      }
      continue;
    }
    const { timings } = event;
    const finish = format.finish(event, index);
    if (--open > 0) {
      yield chunk(early, finish);
      continue;
    }
    if (includeUsage) {
      yield chunk(early, finish);
      yield chunk({ ...head, usage: toUsage(event.usage), timings });
    } else {
      yield chunk({ ...head, timings }, finish);
    }
    return yield DONE;
  }
  throw missingEnd();
}
