/**
 * Downloads a model file over HTTP. An interrupted download is resumed a few times. If
 * the server does not respond at all, the next source is tried at once.
 *
 * @module
 */

import type { PartialFile } from "./partial_file.ts";
import type { Progress } from "./progress.ts";

/** Timeouts and delays of a download, in milliseconds. */
export interface HttpPatience {
  /** Until the server must have begun to respond. @default 5000 */
  connectTimeout?: number;
  /** Until the next bytes must have arrived. @default 30000 */
  stallTimeout?: number;
  /** Before the second attempt, doubled before each later one. @default 500 */
  retryDelay?: number;
}

/** How to download a file. */
export interface HttpOptions extends HttpPatience {
  progress: Progress;
  /** Sent as the bearer token; other servers that this one names do not get it. */
  token?: string;
}

/** Maximum attempts, if the server responded at all. */
const ATTEMPTS = 5;

/** Temporary failures, besides all statuses from 500 on. */
const TEMPORARY_STATUSES = [408, 425, 429];

/**
 * Appends the rest of the file at `url` to `partial`.
 *
 * @throws {Error} if the server does not respond, refuses, or fails too often.
 * @throws {RangeError} if the file is not the expected one.
 */
export async function fetchInto(
  partial: PartialFile,
  url: string,
  options: HttpOptions,
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
      progress.note(`${error.message}; retrying in ${delay} ms`);
      await new Promise((resolve) => setTimeout(resolve, delay));
    } finally {
      progress.stop();
    }
  }
}

/** A failure that may not recur in another attempt. */
class Interruption extends Error {}

class Transfer {
  /** Whether the server has responded in any attempt. */
  answered = false;
  #partial: PartialFile;
  #url: string;
  #options: HttpOptions;
  #etag: string | undefined;

  constructor(
    partial: PartialFile,
    url: string,
    options: HttpOptions,
  ) {
    this.#partial = partial;
    this.#url = url;
    this.#options = options;
  }

  /** Makes one attempt to download the missing bytes. */
  async run(): Promise<void> {
    const partial = this.#partial;
    const { connectTimeout = 5_000, stallTimeout = 30_000 } = this.#options;
    const { sha256, bytes } = partial.expected;
    if (bytes !== undefined && partial.length === bytes) return;
    // Without a digest, only an unchanged ETag proves that both parts match.
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
          throw this.#interruption("the whole file must arrive", error.message);
        });
        if (done) break;
        await partial.write(value);
        this.#options.progress.advance(value.length);
      }
    } finally {
      await body.cancel().catch(() => {}); // The body may have failed already.
    }
    if (total !== undefined && partial.length !== total) {
      throw this.#interruption(`${total} bytes must arrive`, partial.length);
    }
  }

  get #host(): string {
    return new URL(this.#url).host;
  }

  async #ask(signal: AbortSignal): Promise<Response> {
    const headers = new Headers({ "accept-encoding": "identity" });
    const { token } = this.#options;
    if (token) headers.set("authorization", `Bearer ${token}`);
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
      throw this.#interruption("the server must respond", reason);
    }
  }

  /** Checks a response and returns the size of the whole file, if it has one. */
  async #accept(response: Response): Promise<number | undefined> {
    const { status, headers } = response;
    const partial = this.#partial;
    const refuse = async (error: Error) => {
      await response.body?.cancel();
      return error;
    };
    if (status !== 200 && status !== 206) {
      if (status === 416) await partial.restart();
      const temporary = status === 416 || status >= 500 ||
        TEMPORARY_STATUSES.includes(status);
      const error = this.#interruption("the file must exist", status);
      throw await refuse(temporary ? error : new Error(error.message));
    }
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(
      headers.get("content-range") ?? "",
    );
    if (status === 206 && Number(range?.[1]) !== partial.length) {
      const rule = `the rest must begin at byte ${partial.length}`;
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

/** Aborts its signal when a timeout ends. */
class Watchdog implements Disposable {
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number) {
    this.expect(timeout);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Restarts the timeout, in milliseconds. */
  expect(timeout: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`nothing for ${timeout} ms`));
    }, timeout);
  }

  /** Clears the timeout. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
