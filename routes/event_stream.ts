/**
 * Server-sent events that never hold the model up: what it says is queued at once,
 * and a client that reads slowly only delays itself.
 *
 * @module
 */

import {
  SERVER_SENT,
  type StreamEvent,
  type StreamFormat,
} from "../lib/wire/stream_event.ts";

/** What a stream needs besides its events. */
export interface EventStreamOptions {
  /** How it is written. @default as server-sent events */
  format?: StreamFormat;
  /** Milliseconds between pings that keep the connection from idling. */
  pingMs: number;
  /** Returns the text of the next ping. */
  comment: () => string;
  /** Turns a failure in mid-stream into the last event. */
  explain: (error: unknown) => StreamEvent;
  /** Aborts when the client has left; failures after that are ignored. */
  signal: AbortSignal;
  /** Called when the stream is cancelled before its end. */
  onCancel: () => void;
}

/** Returns the headers of a stream: neither cached, nor buffered, nor compressed. */
export function streamHeaders(
  { contentType }: StreamFormat = SERVER_SENT,
): Record<string, string> {
  return {
    "Content-Type": contentType,
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
  };
}

/**
 * Opens a stream of events.
 *
 * It waits for the first event, so that a failure before it can still be an HTTP
 * error; after one ping's time it opens all the same.
 *
 * @throws whatever is thrown in place of the first event.
 */
export async function eventStream(
  events: AsyncIterator<StreamEvent>,
  { format = SERVER_SENT, pingMs, comment, explain, signal, onCancel }:
    EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const first = events.next();
  await within(pingMs, first);

  const encoder = new TextEncoder();
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      function send(text: string): void {
        if (!cancelled && text) controller.enqueue(encoder.encode(text));
      }
      async function pump(): Promise<void> {
        let next = await first;
        while (!next.done) {
          send(format.event(next.value));
          next = await events.next();
        }
      }
      const ping = setInterval(() => send(format.ping(comment())), pingMs);
      pump()
        .catch((error) => {
          if (signal.aborted) return;
          send(format.event(explain(error)));
        })
        .finally(() => {
          clearInterval(ping);
          if (!cancelled) controller.close();
        });
    },
    cancel() {
      cancelled = true;
      onCancel();
    },
  });
}

/** Waits for a promise, but no longer than `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
