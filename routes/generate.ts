/**
 * The way of a generation through HTTP, the same for chat and text completions.
 *
 * @module
 */

import { context } from "@opentelemetry/api";
import type { Context } from "hono";
import { generateChoices } from "../lib/engine/choices.ts";
import type { Metrics } from "../lib/observe/metrics.ts";
import { type GenerationReport, observed } from "../lib/observe/observed.ts";
import type { Engine, GenerationEvent } from "../lib/engine/generation.ts";
import type {
  ParseOptions,
  WireRequest,
} from "../lib/wire/openai/common_fields.ts";
import { recordSpans } from "../lib/observe/spans.ts";
import type {
  ReplyHead,
  ReplyOptions,
  StreamOptions,
} from "../lib/wire/openai/reply.ts";
import { EVENT_STREAM_HEADERS, eventStream } from "./event_stream.ts";
import { type LogFailure, toApiError } from "./failure.ts";
import { type Aliases, findEngine } from "./find_engine.ts";

/** How one resource reads its requests and words its replies. */
export interface Wire {
  /** Begins the ids of its replies, such as `"chatcmpl"`. */
  prefix: string;
  parse(text: string, options: ParseOptions): WireRequest;
  toCompletion(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
    options: ReplyOptions,
  ): Promise<object>;
  toEvents(
    head: ReplyHead,
    events: AsyncIterable<GenerationEvent>,
    options: StreamOptions,
  ): AsyncIterator<string>;
}

/** Logs how a generation went, once it is over. */
export type LogGeneration = (
  record: GenerationReport & { requestId: string; model: string },
) => void;

/** What answering needs from outside. */
export interface GenerateOptions extends ParseOptions {
  /** One engine a model. */
  engines: readonly Engine[];
  /** Ids of models by other names. */
  aliases: Aliases;
  logFailure: LogFailure;
  logGeneration: LogGeneration;
  /** Counts generations. */
  counts: Pick<Metrics, "countGeneration">;
  /** Aborts when the server can't wait any longer; its reason is sent to clients. */
  deadline: AbortSignal;
  /** Milliseconds between the comments in a stream. */
  pingMs: number;
  /** Unix time in milliseconds. */
  now: () => number;
  /** Time in milliseconds, from a clock that never goes back. */
  clock: () => number;
  /** Returns a text that is never returned twice. */
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
  const engine = findEngine(options.engines, request.model, options.aliases);
  const head = {
    id: `${wire.prefix}-${options.newId()}`,
    created: Math.floor(options.now() / 1000),
    model: engine.info.id,
    system_fingerprint: engine.info.fingerprint,
  };
  const requestId = c.get("requestId");
  const parent = context.active();
  const leaving = new AbortController();
  const { generation } = request;
  const cache = { ...generation.cache, caller: c.get("caller") ?? "" };
  const { prompts = [generation.prompt], n } = request;
  const requests = prompts.map((prompt) => ({ ...generation, prompt, cache }));
  const choices = requests.length * n;
  const listening = AbortSignal.any([c.req.raw.signal, leaving.signal]);
  const signal = AbortSignal.any([listening, options.deadline]);
  const events = observed(
    generateChoices(engine, { requests, n }, { signal }),
    {
      signal,
      clock: options.clock,
      report(report) {
        const model = engine.info.id;
        options.counts.countGeneration(model, report);
        recordSpans(report, { model, parent, endedAt: options.now() });
        options.logGeneration({ requestId, model, ...report });
      },
    },
  );
  if (!request.stream) {
    return c.json(await wire.toCompletion(head, events, { choices }));
  }
  const replies = wire.toEvents(head, events, { ...request, choices });
  const stream = await eventStream(replies, {
    pingMs: options.pingMs,
    explain: (error) =>
      toApiError(error, { requestId, log: options.logFailure }),
    signal: listening,
    onCancel: () => leaving.abort(),
  });
  return c.body(stream, 200, EVENT_STREAM_HEADERS);
}
