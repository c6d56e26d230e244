/**
 * The way of a generation through HTTP, the same for chat and text completions.
 *
 * @module
 */

import type { Context } from "hono";
import type { Engine, GenerationEvent } from "../lib/generation.ts";
import type { ParseOptions, WireRequest } from "../lib/openai/common_fields.ts";
import type { ReplyHead, StreamOptions } from "../lib/openai/reply.ts";
import { EVENT_STREAM_HEADERS, eventStream } from "./event_stream.ts";
import { type LogFailure, toApiError } from "./failure.ts";
import { findEngine } from "./find_engine.ts";

/** How one resource reads its requests and words its replies. */
export interface Wire {
  /** Begins the ids of its replies, such as `"chatcmpl"`. */
  prefix: string;
  parse(text: string, options: ParseOptions): WireRequest;
  toCompletion(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
  ): Promise<object>;
  toEvents(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
    options: StreamOptions,
  ): AsyncIterator<string>;
}

/** What answering needs from outside. */
export interface GenerateOptions extends ParseOptions {
  /** One engine a model. */
  engines: readonly Engine[];
  logFailure: LogFailure;
  /** Milliseconds between the comments in a stream. */
  pingMs: number;
  /** Unix time in milliseconds. */
  now: () => number;
  /** Gives a text that is never given twice. */
  newId: () => string;
}

/**
 * Answers one request, whole or as a stream. A client that leaves stops the engine.
 *
 * @throws {ApiError} if the request is wrong or can't be served now.
 */
export async function generate(
  c: Context,
  wire: Wire,
  options: GenerateOptions,
): Promise<Response> {
  const request = wire.parse(await c.req.text(), options);
  const engine = findEngine(options.engines, request.model);
  const head = {
    id: `${wire.prefix}-${options.newId()}`,
    created: Math.floor(options.now() / 1000),
    model: engine.info.id,
    system_fingerprint: engine.info.fingerprint,
  };
  const leaving = new AbortController();
  const signal = AbortSignal.any([c.req.raw.signal, leaving.signal]);
  const events = engine.generate(request.generation, { signal });
  if (!request.stream) return c.json(await wire.toCompletion(head, events));

  const requestId = c.get("requestId");
  const stream = await eventStream(wire.toEvents(head, events, request), {
    pingMs: options.pingMs,
    explain: (error) =>
      toApiError(error, { requestId, log: options.logFailure }),
    signal,
    onCancel: () => leaving.abort(),
  });
  return c.body(stream, 200, EVENT_STREAM_HEADERS);
}
