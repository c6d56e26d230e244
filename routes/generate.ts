/**
 * The way of a generation through HTTP, the same for every API.
 *
 * @module
 */

import { context } from "@opentelemetry/api";
import type { Context } from "hono";
import { generateChoices } from "../lib/engine/choices.ts";
import type { ApiError } from "../lib/engine/errors.ts";
import { interruption, isInterruption } from "../lib/engine/shutdown.ts";
import type { Metrics } from "../lib/observe/metrics.ts";
import { type GenerationReport, observed } from "../lib/observe/observed.ts";
import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
  ServedModel,
} from "../lib/engine/generation.ts";
import type {
  ParseOptions,
  WireRequest,
} from "../lib/wire/openai/common_fields.ts";
import type { Counts, OnBegin } from "../lib/engine/output_counter.ts";
import { recordSpans } from "../lib/observe/spans.ts";
import type {
  ReplyHead,
  ReplyOptions,
  StreamOptions,
} from "../lib/wire/openai/reply.ts";
import type { StreamEvent, StreamFormat } from "../lib/wire/stream_event.ts";
import { eventStream, streamHeaders } from "./event_stream.ts";
import { type LogFailure, toApiError } from "./failure.ts";
import { findModel, type ModelOptions } from "./find_model.ts";
import type { Spend } from "./middleware/rate_limit.ts";

/** How one resource words its replies. */
export interface ReplyWire {
  /** Begins the ids of its replies, such as `"chatcmpl-"`. */
  prefix: string;
  /** How its streams are written. @default as server-sent events */
  format?: StreamFormat;
  toCompletion(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
    options: ReplyOptions,
  ): Promise<object>;
  toEvents(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
    options: StreamOptions,
  ): AsyncIterable<StreamEvent>;
  /** Words a failure in mid-stream. @default the body of an error response */
  toFailure?(error: ApiError): StreamEvent;
}

/** How one resource reads its requests and words its replies. */
export interface Wire extends ReplyWire {
  parse(text: string, options: ParseOptions): WireRequest;
}

/** Logs how a generation went, once it is over. */
export type LogGeneration = (
  record: GenerationReport & { requestId: string; model: string },
) => void;

/** What reports of requests go to, and what they need from outside. */
export interface ReportOptions {
  logGeneration: LogGeneration;
  /** Counts generations. */
  counts: Pick<Metrics, "countGeneration">;
  /** Unix time in milliseconds. */
  now: () => number;
  /** Time in milliseconds, from a clock that never goes back. */
  clock: () => number;
}

/** What answering needs from outside. */
export interface GenerateOptions
  extends ModelOptions, ParseOptions, ReportOptions {
  logFailure: LogFailure;
  /** Milliseconds between the comments in a stream. */
  pingMs: number;
  /** Returns a text that is never returned twice. */
  newId: () => string;
}

/** Returns what reports how the request of `c` went to metrics, spans and log. */
export function reporter(
  c: Context,
  model: string,
  { counts, logGeneration, now }: ReportOptions,
): (report: GenerationReport) => void {
  const requestId = c.get("requestId");
  const parent = context.active();
  const spend: Spend | undefined = c.get("spend");
  return (report) => {
    spend?.(report.counts?.usage);
    counts.countGeneration(model, report);
    recordSpans(report, { model, parent, endedAt: now() });
    logGeneration({ requestId, model, ...report });
  };
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
  return await answer(c, { request, wire }, options);
}

/**
 * Answers a request that has been read, whole or as a stream.
 *
 * @throws {ApiError} if the request can't be served now.
 */
export async function answer(
  c: Context,
  { request, wire }: { request: WireRequest; wire: ReplyWire },
  options: GenerateOptions,
): Promise<Response> {
  const model = findModel(options.engines, request.model, options.aliases);
  const { generation, n, prompts = [generation.prompt] } = request;
  const cache = { ...generation.cache, caller: c.get("caller") ?? "" };
  const requests = prompts.map((prompt) => ({ ...generation, prompt, cache }));
  const choices = requests.length * n;

  const leaving = new AbortController();
  const listening = AbortSignal.any([c.req.raw.signal, leaving.signal]);
  const signal = AbortSignal.any([listening, options.deadline]);
  const opening = model.open(signal);
  const encoding = encodedEarly(requests, { model, signal });
  encoding.catch(() => {}); // It is thrown once the model is open.
  let sent = 0;
  const generating = (onBegin: OnBegin) =>
    generated(opening, { encoding, n }, {
      signal,
      onBegin,
      onCounts: ({ usage }) => sent = usage.completionTokens,
    });
  const events = observed(generating, {
    signal,
    clock: options.clock,
    report: reporter(c, model.id, options),
  });

  const id = `${wire.prefix}${options.newId()}`;
  const created = Math.floor(options.now() / 1000);
  async function head(): Promise<ReplyHead> {
    const { info: { fingerprint: system_fingerprint } } = await opening;
    return { id, created, model: model.id, system_fingerprint };
  }
  if (!request.stream) {
    return c.json(await wire.toCompletion(await head(), events, { choices }));
  }
  async function* replies(): AsyncGenerator<StreamEvent> {
    yield* wire.toEvents(await head(), events, { ...request, choices });
  }
  const requestId = c.get("requestId");
  const stream = await eventStream(replies(), {
    ...wire.format && { format: wire.format },
    pingMs: options.pingMs,
    comment: () => model.state === "ready" ? "ping" : "loading",
    explain(error) {
      const shown = isInterruption(error)
        ? interruption(sent)
        : toApiError(error, { requestId, log: options.logFailure });
      return wire.toFailure?.(shown) ?? JSON.stringify(shown);
    },
    signal: listening,
    onCancel: () => leaving.abort(),
  });
  return c.body(stream, 200, streamHeaders(wire.format));
}

/** Has chats encoded while their model still opens, so that they do not wait for that. */
async function encodedEarly(
  requests: GenerationRequest[],
  { model, signal }: { model: ServedModel; signal: AbortSignal },
): Promise<GenerationRequest[]> {
  if (model.state === "ready") return requests;
  const texts = await model.earlyTexts;
  return await Promise.all(requests.map(async (request) => {
    if (!texts || !("messages" in request.prompt)) return request;
    const { prompt, tools } = request;
    const chat = { prompt, ...tools && { tools } };
    const encoded = await texts.run("encode", chat, signal);
    return { ...request, prompt: { tokens: [...encoded.prompt] } };
  }));
}

/** Generates once the model is open; calls `onCounts` with each event's counts before it. */
async function* generated(
  opening: Promise<Engine>,
  { encoding, n }: { encoding: Promise<GenerationRequest[]>; n: number },
  { onCounts, ...options }: {
    signal: AbortSignal;
    onBegin: OnBegin;
    onCounts: (counts: Counts) => void;
  },
): AsyncGenerator<GenerationEvent> {
  const engine = await opening;
  const requests = await encoding;
  const events = generateChoices(engine, { requests, n }, options);
  for await (const event of events) {
    if (event.type === "text") onCounts(event.counts);
    if (event.type === "end") onCounts(event);
    yield event;
  }
}
