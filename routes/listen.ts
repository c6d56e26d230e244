/**
 * The socket: HTTP/1.1 through Node's server, since Deno's own refuses a request with a
 * body that offers an upgrade to HTTP/2, as Java's default client sends it.
 *
 * @module
 */

import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";

/** Milliseconds that a connection may be idle: longer than proxies keep one. */
const KEEP_ALIVE_MS = 75_000;

/** Descriptors for all but connections. Without a spare one, Deno stops accepting. */
const SPARE_DESCRIPTORS = 100;

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** Where to listen. */
export interface ListenOptions {
  /** A name or an address; IPv6 may have brackets. */
  hostname: string;
  /** 0 is any free port. */
  port: number;
}

/** A server that listens. */
export interface Listener {
  addr: { hostname: string; port: number };
  /** Accepts no connection anymore; resolves when all replies have ended. */
  shutdown(): Promise<void>;
}

/**
 * Serves a handler.
 *
 * @throws if nothing can listen there.
 */
export async function listen(
  handler: Handler,
  { hostname, port }: ListenOptions,
): Promise<Listener> {
  /** Open connections, and how many replies run on each. */
  const replies = new Map<Socket, number>();
  let closing = false;
  const server = createServer(async (incoming, outgoing) => {
    const { socket } = incoming;
    const count = (change: number) => {
      const running = replies.get(socket);
      if (running === undefined) return;
      replies.set(socket, running + change);
      if (closing && running + change === 0) socket.end();
    };
    count(1);
    outgoing.once("close", () => count(-1));
    await traced(incoming, outgoing, () => answer(handler, incoming, outgoing))
      .catch(() => outgoing.destroy());
  });
  server.on("connection", (socket: Socket) => {
    replies.set(socket, 0);
    socket.once("close", () => replies.delete(socket));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = Math.max(16, descriptors() - SPARE_DESCRIPTORS);
  server.listen({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port });
  await once(server, "listening");
  const bound = server.address() as AddressInfo;
  return {
    addr: { hostname: bound.address, port: bound.port },
    async shutdown() {
      closing = true;
      const closed = once(server, "close");
      server.close();
      for (const [socket, running] of replies) {
        if (running === 0) socket.destroy();
      }
      await closed;
    },
  };
}

/** Runs `answer` in a span of its request, whose parent the client may name. */
function traced(
  { method = "GET", url = "/", headers }: IncomingMessage,
  outgoing: ServerResponse,
  answer: () => Promise<void>,
): Promise<void> {
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
      await answer();
    } finally {
      span.setAttribute("http.response.status_code", outgoing.statusCode);
      span.end();
    }
  });
}

/** Answers one request, as far as its client stays. */
async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) left.abort(new Error("the client left"));
  });
  const request = toRequest(incoming, left.signal);
  const response = request ? await handler(request) : BAD_TARGET.clone();
  if (outgoing.destroyed) return await response.body?.cancel();
  // What is left of the body is not read to find the next request.
  if (!incoming.complete) outgoing.shouldKeepAlive = false;
  for (const [name, value] of response.headers) {
    outgoing.appendHeader(name, value);
  }
  outgoing.statusCode = response.status;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    outgoing.flushHeaders();
    await pipe(response.body!, outgoing, left.signal);
    return;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 204) {
    outgoing.setHeader("Content-Length", bytes.length);
  }
  outgoing.end(bytes);
}

/** Writes a stream as fast as its client reads. */
async function pipe(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  left: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  left.addEventListener("abort", () => reader.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader.read();
    if (done || left.aborted) break;
    if (!outgoing.write(value)) {
      await once(outgoing, "drain", { signal: left }).catch(() => {});
    }
  }
  outgoing.end();
}

/** A target that is no URL reaches no route. */
const BAD_TARGET = Response.json({
  error: {
    message: "Cannot route the request: Host and path must form a URL",
    type: "invalid_request_error",
    param: null,
    code: null,
  },
}, { status: 400 });

/** Returns a request as the Fetch standard has it, if Host and target form a URL. */
function toRequest(
  incoming: IncomingMessage,
  signal: AbortSignal,
): Request | undefined {
  const { method = "GET", url = "/", headers: { host }, rawHeaders } = incoming;
  const target = url.startsWith("/") || url === "*"
    ? `http://${host ?? "localhost"}${url.replace("*", "/")}`
    : url;
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

/** Returns the most descriptors that the process may open; 1024 if that is unknown. */
function descriptors(): number {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return 1024;
  }
}
