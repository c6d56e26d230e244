/**
 * Server-sent events that never hold the model up: what it says is queued at once,
 * and a client that reads slowly only delays itself.
 *
 * @module
 */

import type { ApiError } from "../lib/engine/errors.ts";

/** What a stream needs besides its events. */
export interface EventStreamOptions {
  /** Milliseconds between comments that keep the connection from idling. */
  pingMs: number;
  /** Returns the text of the next comment. */
  comment: () => string;
  /** Turns a failure in mid-stream into the error that the client receives. */
  explain: (error: unknown) => ApiError;
  /** Aborts when the client has left; failures after that are ignored. */
  signal: AbortSignal;
  /** Called when the stream is cancelled before its end. */
  onCancel: () => void;
}

/** The headers of an event stream: neither cached, nor buffered, nor compressed. */
export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-cache, no-transform",
  "X-Accel-Buffering": "no",
};

/**
 * Opens a stream of the data of events.
 *
 * It waits for the first event, so that a failure before it can still be an HTTP
 * error; after one ping's time it opens all the same.
 *
 * @throws whatever is thrown in place of the first event.
 */
export async function eventStream(
  events: AsyncIterator<string>,
  { pingMs, comment, explain, signal, onCancel }: EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const first = events.next();
  await within(pingMs, first);

  const encoder = new TextEncoder();
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      function send(lines: string): void {
        if (!cancelled) controller.enqueue(encoder.encode(`${lines}\n\n`));
      }
      async function pump(): Promise<void> {
        let next = await first;
        while (!next.done) {
          send(`data: ${next.value}`);
          next = await events.next();
        }
      }
      const ping = setInterval(() => send(`: ${comment()}`), pingMs);
      pump()
        .catch((error) => {
          if (signal.aborted) return;
          send(`data: ${JSON.stringify(explain(error))}`);
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
