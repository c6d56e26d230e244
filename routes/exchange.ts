/**
 * One request on a connection, and the reply to it: Node's objects on one side, those of
 * the Fetch standard on the other.
 *
 * @module
 */

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { ApiError } from "../lib/engine/errors.ts";

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A request whose reply has not ended. */
export interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** Aborts when the client leaves. */
  left: AbortController;
  /** Returns whether its connection closes after it. */
  isLast(): boolean;
}

/**
 * Answers a request, as far as its client stays, in a span whose parent the client may
 * name. A client that reads nothing for `stallMs` is cut off.
 */
export function answer(
  handler: Handler,
  exchange: Exchange,
  stallMs: number,
): Promise<void> {
  const { incoming, outgoing } = exchange;
  const { method = "GET", url = "/", headers } = incoming;
  const parent = propagation.extract(context.active(), headers);
  const options = {
    kind: SpanKind.SERVER,
    attributes: {
      "http.request.method": method,
      "url.path": url.replace(/\?.*/, ""),
    },
  };
  const tracer = trace.getTracer("bita");
  return tracer.startActiveSpan(method, options, parent, async (span) => {
    try {
      await reply(handler, exchange, stallMs);
    } finally {
      span.setAttribute("http.response.status_code", outgoing.statusCode);
      span.end();
    }
  });
}

async function reply(
  handler: Handler,
  { incoming, outgoing, left: { signal }, isLast }: Exchange,
  stallMs: number,
): Promise<void> {
  const request = toRequest(incoming, signal);
  const response = request ? await handler(request) : BAD_TARGET.clone();
  if (signal.aborted) return await response.body?.cancel();
  // What is left of the body is not read to find the next request.
  if (!incoming.complete || isLast()) outgoing.shouldKeepAlive = false;
  for (const [name, value] of response.headers) {
    outgoing.appendHeader(name, value);
  }
  outgoing.statusCode = response.status;
  // As streamHeaders() marks each stream, whatever its format.
  if (response.headers.get("x-accel-buffering") === "no") {
    outgoing.flushHeaders();
    await pipe(response.body!, outgoing, { left: signal, stallMs });
    return;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (incoming.method !== "HEAD" && ![204, 304].includes(response.status)) {
    outgoing.setHeader("Content-Length", bytes.length);
  }
  outgoing.end(bytes);
}

/** Writes a stream as fast as its client reads; one that stands still is cut off. */
async function pipe(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  { left, stallMs }: { left: AbortSignal; stallMs: number },
): Promise<void> {
  const reader = body.getReader();
  left.addEventListener("abort", () => reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || left.aborted) break;
    if (!outgoing.write(value)) {
      const stalled = setTimeout(() => outgoing.socket?.destroy(), stallMs);
      await once(outgoing, "drain", { signal: left }).catch(() => {});
      clearTimeout(stalled);
    }
  }
  outgoing.end();
}

/** A target that is no URL reaches no route. */
const BAD_TARGET = Response.json(
  new ApiError(400, "Cannot route the request: Host and path must form a URL"),
  { status: 400 },
);

/** Returns a request as the Fetch standard has it, if Host and target form a URL. */
function toRequest(
  incoming: IncomingMessage,
  signal: AbortSignal,
): Request | undefined {
  const { method: sent = "GET", url = "/", headers: { host }, rawHeaders } =
    incoming;
  // A `Request` cannot have these, and no route has.
  const method = /^(CONNECT|TRACE|TRACK)$/.test(sent) ? "UNSUPPORTED" : sent;
  const path = url === "*" ? "/" : url;
  const target = path.startsWith("/")
    ? `http://${host ?? "localhost"}${path}`
    : path;
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i], rawHeaders[i + 1]);
  }
  const body = method === "GET" || method === "HEAD"
    ? null
    : Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>;
  try {
    return new Request(target, { method, headers, body, signal });
  } catch {
    return undefined;
  }
}
