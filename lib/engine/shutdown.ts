/**
 * Ends the server. It accepts nothing new and lets running replies finish. At the
 * deadline, those that still run end with an error. The process ends after that,
 * whatever its threads are doing.
 *
 * @module
 */

import { ApiError } from "./errors.ts";

/** The C library by platform; Windows ends threads without its help. */
const LIBC: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.dylib",
};

/** OpenAI has no code for it. */
const CODE = "server_shutting_down";

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
      setTimeout(() => this.#deadline.abort(interruption()), deadlineMs),
      setTimeout(resolve, deadlineMs + LAST_WORD_MS),
    ];
    await Promise.race([server.shutdown(), late]);
    for (const timer of timers) clearTimeout(timer);
  }
}

/**
 * Ends the process at once.
 *
 * `Deno.exit` runs the destructors of native libraries first, which wait for ever or
 * crash while another thread is inside of one.
 */
export function exitNow(code: number): never {
  const path = LIBC[Deno.build.os];
  if (path !== undefined) {
    try {
      const parameters = ["i32"] as const;
      const { symbols } = Deno.dlopen(path, {
        _exit: { parameters, result: "void" },
      });
      symbols._exit(code);
    } catch {
      // Without the permission, or with another C library, there is the other way.
    }
  }
  Deno.exit(code);
}

/**
 * Returns the error of a reply that the deadline cuts off.
 *
 * @param tokens those of a stream that its client has got.
 */
export function interruption(tokens?: number): ApiError {
  const sent = tokens === undefined ? "" : `: ${tokens} tokens were sent`;
  return new ApiError(
    503,
    `Cannot finish the reply: the server is shutting down${sent}`,
    { code: CODE, headers: { "Retry-After": "1" } },
  );
}

/** Returns whether something was aborted because the server ends. */
export function isInterruption(reason: unknown): boolean {
  return reason instanceof ApiError && reason.code === CODE;
}
