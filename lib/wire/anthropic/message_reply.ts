/**
 * Messages as Anthropic sends them: one object, or named events in a fixed order: the
 * message begins, each of its blocks begins, grows and ends, the message ends.
 *
 * @module
 */

import type {
  Message,
  MessageDeltaUsage,
  RawContentBlockDelta,
  RawMessageStreamEvent,
  StopReason,
} from "@anthropic-ai/sdk/resources";
import type { GenerationEvent } from "../../engine/generation.ts";
import type { Usage } from "../../engine/output_counter.ts";
import {
  collect,
  type End,
  missingEnd,
  type ReplyHead,
  type Timed,
} from "../openai/reply.ts";
import { joinCalls } from "../openai/tools/tool_reply.ts";
import type { NamedEvent, StreamFormat } from "../stream_event.ts";
import { SERVER_SENT } from "../stream_event.ts";

/** How streams are written: pings are events. */
export const NAMED_EVENTS: StreamFormat = {
  ...SERVER_SENT,
  ping: () => SERVER_SENT.event(named({ type: "ping" })),
};

/** Waits for a generation and makes one message of it. */
export async function toMessage(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
): Promise<Message & Timed> {
  const { answers: [{ text, calls }], end } = await collect(events);
  const content: Message["content"] = [];
  if (text !== "") content.push(textBlock(text));
  for (const [index, call] of joinCalls(calls).entries()) {
    const input = parseInput(call.arguments);
    content.push(toolBlock(head, { index, name: call.name, input }));
  }
  return {
    ...toHead(head, end.usage),
    content,
    ...toStop(end, { called: calls.length > 0 }),
    timings: end.timings,
  };
}

/** Yields the events of the stream of a message. */
export async function* toEvents(
  head: ReplyHead,
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<NamedEvent> {
  const blocks = new Blocks(head);
  let begun = false;
  for await (const event of events) {
    if (event.type === "prompt") continue;
    const { usage, timings } = event.type === "end" ? event : event.counts;
    if (!begun) {
      const message = toHead(head, { ...usage, completionTokens: 0 });
      yield named({ type: "message_start", message });
    }
    begun = true;
    if (event.type === "text") {
      yield* blocks.add(event);
      continue;
    }
    yield* blocks.close();
    yield named({
      type: "message_delta",
      delta: { ...toStop(event, blocks), container: null, stop_details: null },
      usage: toUsage(usage),
      timings,
    });
    return yield named({ type: "message_stop" });
  }
  throw missingEnd();
}

/** The content blocks of a message, one after the other. */
class Blocks {
  readonly #head: ReplyHead;
  #index = -1;
  #open: "text" | "call" | undefined;
  /** Whether one of them is a call. */
  called = false;

  constructor(head: ReplyHead) {
    this.#head = head;
  }

  /** Adds a part of the answer. */
  *add(
    { text, calls = [] }: Extract<GenerationEvent, { type: "text" }>,
  ): Generator<NamedEvent> {
    if (text !== "") {
      if (this.#open !== "text") {
        yield* this.#begin("text", textBlock(""));
      }
      yield this.#delta({ type: "text_delta", text });
    }
    for (const part of calls) {
      if (part.type === "arguments") {
        yield this.#delta({
          type: "input_json_delta",
          partial_json: part.text,
        });
        continue;
      }
      const { index, name } = part;
      yield* this.#begin("call", toolBlock(this.#head, { index, name }));
      this.called = true;
    }
  }

  /** Ends the last block. */
  *close(): Generator<NamedEvent> {
    if (!this.#open) return;
    this.#open = undefined;
    yield named({ type: "content_block_stop", index: this.#index });
  }

  *#begin(
    kind: "text" | "call",
    content_block: Message["content"][number],
  ): Generator<NamedEvent> {
    yield* this.close();
    this.#open = kind;
    const index = ++this.#index;
    yield named({ type: "content_block_start", index, content_block });
  }

  #delta(delta: RawContentBlockDelta): NamedEvent {
    return named({ type: "content_block_delta", index: this.#index, delta });
  }
}

function named(
  event: (RawMessageStreamEvent & Timed) | { type: "ping" },
): NamedEvent {
  return { name: event.type, data: JSON.stringify(event) };
}

function toHead({ id, model }: ReplyHead, usage: Usage): Message {
  return {
    id,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      ...toUsage(usage),
      // Unlike in a delta, it is never null here.
      input_tokens: usage.promptTokens - usage.cachedTokens,
      cache_creation: null,
      inference_geo: null,
      service_tier: null,
      speed: null,
    },
  };
}

/** Counts tokens as Anthropic does: what came from the cache is no input. */
function toUsage(usage: Usage): MessageDeltaUsage {
  return {
    input_tokens: usage.promptTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: usage.completionTokens,
    output_tokens_details: null,
    server_tool_use: null,
  };
}

function toStop(
  { finishReason, stop }: End,
  { called }: { called: boolean },
): { stop_reason: StopReason; stop_sequence: string | null } {
  if (stop !== undefined) {
    return { stop_reason: "stop_sequence", stop_sequence: stop };
  }
  const stop_reason = finishReason === "length"
    ? "max_tokens"
    : called
    ? "tool_use"
    : "end_turn";
  return { stop_reason, stop_sequence: null };
}

function textBlock(text: string): Message["content"][number] {
  return { type: "text", text, citations: null };
}

function toolBlock(
  { id }: ReplyHead,
  { index, name, input = {} }: { index: number; name: string; input?: unknown },
): Message["content"][number] {
  return {
    type: "tool_use",
    id: `toolu_${id.replace(/^msg_/, "").replaceAll("-", "")}_${index}`,
    name,
    input,
    caller: { type: "direct" },
  };
}

/** Reads the arguments of a call; those that `max_tokens` cut are none. */
function parseInput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
