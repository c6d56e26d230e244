/**
 * Ends the server. It accepts nothing new and lets running replies finish. At the
 * deadline, those that still run end with an error.
 *
 * @module
 */

import { ApiError } from "./errors.ts";

/** Milliseconds to say a last word in, after the deadline. */
const LAST_WORD_MS = 1000;

/** A shutdown, under way or still to come. */
export class Shutdown {
  readonly #deadline = new AbortController();
  #begun = false;

  /** Whether it is under way. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Aborts at the deadline; the reason is the error that clients get. */
  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  /** Closes a server; resolves once all its replies have ended, or were cut off. */
  async run(
    server: Pick<Deno.HttpServer, "shutdown">,
    { deadlineMs }: { deadlineMs: number },
  ): Promise<void> {
    this.#begun = true;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timers = [
      setTimeout(() => this.#deadline.abort(interrupted()), deadlineMs),
      setTimeout(resolve, deadlineMs + LAST_WORD_MS),
    ];
    await Promise.race([server.shutdown(), late]);
    for (const timer of timers) clearTimeout(timer);
  }
}

function interrupted(): ApiError {
  return new ApiError(
    503,
    "Cannot finish the reply: the server is shutting down",
    { code: "server_shutting_down", headers: { "Retry-After": "1" } },
  );
}
