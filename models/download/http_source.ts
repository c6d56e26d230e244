/**
 * A model file over HTTP: resumed where it broke off, tried a few times, but given
 * up at once where nobody answers, since the next source may be nearer.
 *
 * @module
 */

import type { PartialFile } from "./partial_file.ts";
import type { Progress } from "./progress.ts";
import { Watchdog } from "./watchdog.ts";

/** How patient a download is; times in milliseconds. */
export interface HttpPatience {
  /** Until a server must have begun to answer; 5,000 by default. */
  connectTimeout?: number;
  /** Until the next bytes must have come; 30,000 by default. */
  stallTimeout?: number;
  /** Before the second attempt, doubled before each later one; 500 by default. */
  retryDelay?: number;
}

/** Attempts in all, as long as the first had an answer. */
const ATTEMPTS = 5;

/** Statuses that may be others a little later; so may all from 500 on. */
const PASSING_STATUSES = [408, 425, 429];

/**
 * Appends what `url` holds beyond the bytes that `partial` has.
 *
 * @throws {Error} if the server does not answer, refuses, or breaks off too often.
 * @throws {RangeError} if it holds another file than the one expected.
 */
export async function fetchInto(
  partial: PartialFile,
  url: string,
  options: HttpPatience & { progress: Progress },
): Promise<void> {
  const { progress, retryDelay = 500 } = options;
  const transfer = new Transfer(partial, url, options);
  for (let attempt = 1;; attempt++) {
    try {
      return await transfer.run();
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      if (attempt === ATTEMPTS || !transfer.answered) throw error;
      const delay = retryDelay * 2 ** (attempt - 1);
      progress.note(`${error.message}; trying again in ${delay} ms`);
      await new Promise((resolve) => setTimeout(resolve, delay));
    } finally {
      progress.stop();
    }
  }
}

/** A failure that another attempt may not meet. */
class Interruption extends Error {}

class Transfer {
  /** Whether the server has ever answered. */
  answered = false;
  #partial: PartialFile;
  #url: string;
  #options: HttpPatience & { progress: Progress };
  #etag: string | undefined;

  constructor(
    partial: PartialFile,
    url: string,
    options: HttpPatience & { progress: Progress },
  ) {
    this.#partial = partial;
    this.#url = url;
    this.#options = options;
  }

  /** Makes one attempt at all that is missing. */
  async run(): Promise<void> {
    const partial = this.#partial;
    const { connectTimeout = 5_000, stallTimeout = 30_000 } = this.#options;
    const { sha256, bytes } = partial.expected;
    if (bytes !== undefined && partial.length === bytes) return;
    // Without a digest, only an unchanged tag proves that two halves fit.
    if (sha256 === undefined && !this.#etag) await partial.restart();

    using silence = new Watchdog(connectTimeout);
    const response = await this.#ask(silence.signal);
    const total = await this.#accept(response);
    this.#options.progress.start(`Downloading from ${this.#host}`, {
      ...(total !== undefined && { total }),
      done: partial.length,
    });
    const body = response.body!.getReader();
    try {
      for (;;) {
        silence.expect(stallTimeout);
        const { done, value } = await body.read().catch((error) => {
          throw this.#interruption("the whole file must come", error.message);
        });
        if (done) break;
        await partial.write(value);
        this.#options.progress.advance(value.length);
      }
    } finally {
      await body.cancel().catch(() => {}); // it may have failed already
    }
    if (total !== undefined && partial.length !== total) {
      throw this.#interruption(`${total} bytes must come`, partial.length);
    }
  }

  get #host(): string {
    return new URL(this.#url).host;
  }

  async #ask(signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ "accept-encoding": "identity" });
    if (this.#partial.length > 0) {
      headers.set("range", `bytes=${this.#partial.length}-`);
      if (this.#etag) headers.set("if-range", this.#etag);
    }
    try {
      const response = await fetch(this.#url, { headers, signal });
      this.answered = true;
      return response;
    } catch (error) {
      const { message, cause } = error as Error;
      const reason = cause instanceof Error ? cause.message : message;
      throw this.#interruption("the server must answer", reason);
    }
  }

  /** Checks an answer and gives the size of the whole file, if it tells. */
  async #accept(response: Response): Promise<number | undefined> {
    const { status, headers } = response;
    const partial = this.#partial;
    const refuse = async (error: Error) => {
      await response.body?.cancel();
      return error;
    };
    if (status !== 200 && status !== 206) {
      if (status === 416) await partial.restart();
      const passing = status === 416 || status >= 500 ||
        PASSING_STATUSES.includes(status);
      const error = this.#interruption("the file must be there", status);
      throw await refuse(passing ? error : new Error(error.message));
    }
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(
      headers.get("content-range") ?? "",
    );
    if (status === 206 && Number(range?.[1]) !== partial.length) {
      const rule = `the rest must begin at ${partial.length}`;
      await partial.restart();
      throw await refuse(
        this.#interruption(rule, headers.get("content-range")),
      );
    }
    if (status === 200 && partial.length > 0) await partial.restart();
    const etag = headers.get("etag");
    this.#etag = etag?.startsWith('"') ? etag : undefined;

    const length = range?.[2] ?? headers.get("content-length");
    if (length === null) return undefined;
    const { bytes } = partial.expected;
    if (bytes !== undefined && Number(length) !== bytes) {
      throw await refuse(
        new RangeError(
          `Cannot download from ${this.#host}: the file must have ${bytes} bytes: received ${length}`,
        ),
      );
    }
    return Number(length);
  }

  #interruption(rule: string, received: unknown): Interruption {
    return new Interruption(
      `Cannot download from ${this.#host}: ${rule}: received ${received}`,
    );
  }
}
