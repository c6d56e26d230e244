/**
 * Bounds the bytes of all bodies that are being read: a client may send most of a body and
 * keep the rest, on as many connections as it gets.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";

/** The most bytes of all of them, which take some times as much memory. */
const MOST_BYTES = 16 << 20;

/** A body that is being read. */
interface Reading {
  bytes: number;
  /** Fails its request. */
  giveUp(): void;
}

/**
 * Reads bodies as long as they have at most `most` bytes together. Then it gives up the
 * oldest of those that have at least their share, so that small and quick ones pass.
 *
 * @throws {ApiError} 503 in the handler that reads a body that was given up.
 */
export function bodyBudget(most = MOST_BYTES): MiddlewareHandler {
  const reading = new Set<Reading>();
  let bytes = 0;

  function forget(one: Reading): void {
    if (reading.delete(one)) bytes -= one.bytes;
  }
  function makeRoom(): void {
    while (bytes > most) {
      const share = bytes / reading.size;
      const oldest = reading.values().find(({ bytes }) => bytes >= share)!;
      forget(oldest);
      oldest.giveUp();
    }
  }
  return async function bodyBudget(c, next) {
    const { raw } = c.req;
    if (!raw.body) return await next();
    const one: Reading = { bytes: 0, giveUp() {} };
    reading.add(one);
    type Bytes = Uint8Array<ArrayBuffer>;
    const meter = new TransformStream<Bytes, Bytes>({
      start(controller) {
        one.giveUp = () => controller.error(tooMuch());
      },
      transform(chunk, controller) {
        controller.enqueue(chunk);
        if (!reading.has(one)) return; // its handler has ended without it
        one.bytes += chunk.length;
        bytes += chunk.length;
        makeRoom();
      },
      flush: () => forget(one),
    });
    // What is cancelled closes its connection, and then gets no answer.
    const body = raw.body.pipeThrough(meter, { preventCancel: true });
    c.req.raw = new Request(raw, { body });
    try {
      await next();
    } finally {
      forget(one);
    }
  };
}

function tooMuch(): ApiError {
  return new ApiError(
    503,
    "Cannot read the request: room for its body is required: received too many at once",
    {
      code: "server_overloaded",
      headers: { "Retry-After": "1", "retry-after-ms": "1000" },
    },
  );
}
