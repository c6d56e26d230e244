/**
 * The reply to one request for a response: a stream of numbered events, or the response
 * that the last of them has.
 *
 * @module
 */

import { ApiError } from "../../engine/errors.ts";
import type { GenerationEvent } from "../../engine/generation.ts";
import { DONE, missingEnd, type ReplyHead } from "../openai/reply.ts";
import type { NamedEvent, StreamEvent } from "../stream_event.ts";
import { OutputItems, type Unnumbered } from "./output_items.ts";
import {
  type Progress,
  type ResponseObject,
  toResponse,
  toResponseError,
} from "./response_object.ts";
import { renameParam, type ResponseBody } from "./response_request.ts";

/** What a reply needs from outside. */
export interface ResponseReplyOptions {
  /** Unix time in milliseconds. */
  now: () => number;
  /** Stores a response, if it is to be stored; resolves to whether it is. */
  save?: ((response: ResponseObject) => Promise<boolean>) | undefined;
}

/** The end of a generation. */
type End = Extract<GenerationEvent, { type: "end" }>;

/** Words one reply. */
export class ResponseReply {
  /** Begins the ids of responses. */
  readonly prefix = "resp_";
  readonly #body: ResponseBody;
  readonly #options: ResponseReplyOptions;
  /** Events sent so far. */
  #sent = 0;
  /** Makes a response with what has changed; there is none before the first event. */
  #respond: ((progress: Partial<Progress>) => ResponseObject) | undefined;

  constructor(body: ResponseBody, options: ResponseReplyOptions) {
    this.#body = body;
    this.#options = options;
  }

  /** Waits for a generation and returns its response. */
  async toCompletion(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): Promise<ResponseObject> {
    let last: Unnumbered | undefined;
    for await (const event of this.#events(head, events)) last = event;
    if (last && "response" in last) return last.response;
    throw missingEnd();
  }

  /** Yields the events of a stream. */
  async *toEvents(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): AsyncGenerator<StreamEvent> {
    for await (const event of this.#events(head, events)) {
      yield this.#number(event);
    }
    yield DONE;
  }

  /** Words a failure in mid-stream. */
  toFailure(error: ApiError): StreamEvent {
    if (!this.#respond) {
      const { code, message, param } = error;
      return this.#number({ type: "error", code, message, param });
    }
    const response = this.#respond({
      status: "failed",
      error: toResponseError(error),
    });
    return this.#number({ type: "response.failed", response });
  }

  /** Yields events once the first of `events` has come: a refusal comes before it. */
  async *#events(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): AsyncGenerator<Unnumbered> {
    const output = new OutputItems(head.id);
    const respond = (progress: Partial<Progress>) =>
      toResponse(head, this.#body, {
        status: "in_progress",
        output: output.items,
        store: this.#options.save !== undefined,
        ...progress,
      });
    for await (const event of renaming(events)) {
      if (!this.#respond) {
        this.#respond = respond;
        yield { type: "response.created", response: respond({}) };
        yield { type: "response.in_progress", response: respond({}) };
      }
      if (event.type === "text") {
        const { text, tokens, calls = [] } = event;
        if (text || tokens?.length && calls.length === 0) {
          yield* output.addText(text, tokens);
        }
        for (const part of calls) yield* output.addCall(part);
      }
      if (event.type !== "end") continue;
      const isWhole = event.finishReason === "stop";
      yield* output.finish(isWhole ? "completed" : "incomplete");
      const response = await this.#end(event, respond);
      const type = isWhole ? "response.completed" : "response.incomplete";
      return yield { type, response };
    }
    throw missingEnd();
  }

  async #end(
    { finishReason, usage, timings }: End,
    respond: (progress: Partial<Progress>) => ResponseObject,
  ): Promise<ResponseObject> {
    const { now, save } = this.#options;
    const outcome: Partial<Progress> = finishReason === "stop"
      ? { status: "completed", completed_at: Math.floor(now() / 1000) }
      : {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
      };
    const response = respond({ ...outcome, usage, timings });
    return { ...response, store: await save?.(response) ?? false };
  }

  #number(event: Unnumbered): NamedEvent {
    const numbered = { ...event, sequence_number: this.#sent++ };
    return { name: event.type, data: JSON.stringify(numbered) };
  }
}

/** Passes events on; errors name parameters as this API does. */
async function* renaming(
  events: AsyncIterable<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  try {
    yield* events;
  } catch (error) {
    throw renamed(error);
  }
}

/** Returns an error, which names its parameter as this API does. */
export function renamed(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const { status, message, code, param, headers } = error;
  if (param === null || renameParam(param) === param) return error;
  const name = renameParam(param);
  return new ApiError(status, message.replace(param, name), {
    ...code !== null && { code },
    param: name,
    headers,
  });
}
