/**
 * The socket: HTTP/1.1 through Node's server, since Deno's own refuses a request with a
 * body that offers an upgrade to HTTP/2, as Java's default client sends it.
 *
 * @module
 */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { answer, type Exchange, type Handler } from "./exchange.ts";

/** Milliseconds that a connection may be idle: longer than proxies keep one. */
const KEEP_ALIVE_MS = 75_000;

/** Milliseconds that a request may take to arrive: its head, and all of it. */
const HEAD_MS = 20_000;
const REQUEST_MS = 60_000;

/** Milliseconds that a client of a stream may read nothing while its parts pile up. */
const STALL_MS = 120_000;

/** Descriptors for all but connections. */
const OTHER_DESCRIPTORS = 100;

/** The most connections that wait to be accepted, Node's default. */
const MOST_BACKLOG = 511;

/** Where to listen. */
export interface ListenOptions {
  /** A name or an address; IPv6 may have brackets. */
  hostname: string;
  /** 0 is any free port. */
  port: number;
  /** Milliseconds that the head of a request may take to arrive. @default 20_000 */
  headMs?: number;
  /** Milliseconds that a request may take to arrive whole. @default 60_000 */
  requestMs?: number;
  /** Milliseconds that a stream waits for its client to read. @default 120_000 */
  stallMs?: number;
}

/** A server that listens. */
export interface Listener {
  addr: { hostname: string; port: number };
  /** Accepts no connection anymore; resolves when all replies have ended. */
  shutdown(): Promise<void>;
}

/**
 * Serves a handler. A request that does not arrive in time is answered 408.
 *
 * @throws {Error} if nothing can listen there.
 */
export async function listen(
  handler: Handler,
  options: ListenOptions,
): Promise<Listener> {
  const { hostname, port, headMs = HEAD_MS, requestMs = REQUEST_MS } = options;
  const { stallMs = STALL_MS } = options;
  /** Open connections, and what runs on each. */
  const connections = new Map<Socket, Set<Exchange>>();
  let closing = false;
  const server = createServer({
    headersTimeout: headMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: headMs / 4,
  }, async (incoming, outgoing) => {
    const { socket } = incoming;
    const running = connections.get(socket);
    if (!running) return;
    const exchange = {
      incoming,
      outgoing,
      left: new AbortController(),
      isLast: () => closing && running.size === 1,
    };
    running.add(exchange);
    outgoing.once("close", () => {
      end(exchange);
      running.delete(exchange);
      // Clients may keep their half of a connection open for long.
      if (closing && running.size === 0) socket.destroySoon();
    });
    await answer(handler, exchange, stallMs)
      .catch(() => outgoing.destroy());
  });
  server.on("connection", (socket: Socket) => {
    const running = new Set<Exchange>();
    connections.set(socket, running);
    socket.once("close", () => {
      connections.delete(socket);
      // A reply that waits for the one before it does not close by itself.
      for (const exchange of running) end(exchange);
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // Without a spare descriptor, Deno stops accepting for good. All that wait may be
  // accepted before one of them can be closed.
  const most = descriptors();
  const backlog = Math.min(MOST_BACKLOG, Math.floor(most / 4));
  server.maxConnections = Math.max(16, most - OTHER_DESCRIPTORS - backlog);
  server.listen({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port, backlog });
  await once(server, "listening").catch(({ message }) => {
    throw new Error(
      `Cannot listen: HOST and PORT must name an address that is free: received ${message}`,
    );
  });
  const bound = server.address() as AddressInfo;
  return {
    addr: { hostname: bound.address, port: bound.port },
    async shutdown() {
      closing = true;
      const closed = once(server, "close");
      server.close();
      for (const [socket, running] of connections) {
        if (running.size === 0) socket.destroy();
      }
      await closed;
    },
  };
}

/** Stops what is computed for a reply, if its client has left before its end. */
function end({ outgoing, left }: Exchange): void {
  if (!outgoing.writableFinished) left.abort(new Error("the client left"));
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
