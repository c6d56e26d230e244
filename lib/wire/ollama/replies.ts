/**
 * Answers as Ollama sends them: one object, or one a line. Calls of tools are whole in
 * either case.
 *
 * @module
 */

import type { ApiError } from "../../engine/errors.ts";
import type { GenerationEvent } from "../../engine/generation.ts";
import type { CallPart } from "../../tools/tool.ts";
import {
  collect,
  type End,
  missingEnd,
  type ReplyHead,
} from "../openai/reply.ts";
import { joinCalls } from "../openai/tools/tool_reply.ts";
import type { StreamFormat } from "../stream_event.ts";

/** An object a line. There are no pings, as clients read each line as an answer. */
export const LINES: StreamFormat = {
  contentType: "application/x-ndjson",
  event: (event) => `${typeof event === "string" ? event : event.data}\n`,
  ping: () => "",
};

/** A call, as a message has it. */
interface Call {
  function: { name: string; arguments: unknown };
}

/** Puts a part of an answer into the fields of its resource. */
type ToFields = (text: string, calls: Call[]) => object;

/** How a resource words its replies. */
export interface Replies {
  /** Returns the reply to a request that only asks that the model be opened. */
  toOpened(head: Pick<ReplyHead, "model" | "created">): object;
  /** Waits for a generation and makes one object of it. */
  toCompletion(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): Promise<object>;
  /** Yields the lines of a stream. */
  toEvents(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): AsyncGenerator<string>;
}

/** The replies of `/api/chat`. */
export const chatReplies: Replies = replies((content, calls) => ({
  message: {
    role: "assistant",
    content,
    ...calls.length > 0 && { tool_calls: calls },
  },
}));

/** The replies of `/api/generate`. */
export const generateReplies: Replies = replies((response) => ({ response }));

/** Returns the body of an error response, or the line of an error in mid-stream. */
export function toErrorBody({ message }: ApiError): { error: string } {
  return { error: message };
}

function replies(toFields: ToFields): Replies {
  return {
    toOpened: (head) => ({
      ...toHead(head),
      ...toFields("", []),
      done: true,
      done_reason: "load",
    }),
    async toCompletion(head, events) {
      const { answers: [{ text, calls }], end } = await collect(events);
      return {
        ...toHead(head),
        ...toFields(text, toCalls(calls)),
        ...toEnd(end),
      };
    },
    async *toEvents(head, events) {
      const line = (text: string, calls: Call[], end: object) =>
        JSON.stringify({ ...toHead(head), ...toFields(text, calls), ...end });
      const parts: CallPart[] = [];
      for await (const event of events) {
        if (event.type === "prompt") continue;
        if (event.type === "text") {
          parts.push(...event.calls ?? []);
          if (event.text) yield line(event.text, [], { done: false });
          continue;
        }
        for (const call of toCalls(parts)) {
          yield line("", [call], { done: false });
        }
        return yield line("", [], toEnd(event));
      }
      throw missingEnd();
    },
  };
}

function toHead({ model, created }: Pick<ReplyHead, "model" | "created">) {
  return { model, created_at: new Date(created * 1000).toISOString() };
}

/** Returns why and how fast an answer ended; times are in nanoseconds. */
function toEnd({ finishReason, usage, timings }: End): object {
  const { prompt_ms, predicted_ms } = timings;
  return {
    done: true,
    done_reason: finishReason,
    total_duration: toNanoseconds(prompt_ms + predicted_ms),
    load_duration: 0,
    prompt_eval_count: usage.promptTokens,
    prompt_eval_duration: toNanoseconds(prompt_ms),
    eval_count: usage.completionTokens,
    eval_duration: toNanoseconds(predicted_ms),
    timings,
  };
}

function toNanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

/** Returns whole calls; one that the limit of tokens cut is none. */
function toCalls(parts: CallPart[]): Call[] {
  return joinCalls(parts).flatMap(({ name, arguments: json }) => {
    try {
      return [{ function: { name, arguments: JSON.parse(json) } }];
    } catch {
      return [];
    }
  });
}
