/**
 * A model in its worker, seen from the main thread.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { ApiError, modelUnavailable } from "../engine/errors.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import { Answers } from "./answers.ts";
import type {
  DecodeRequest,
  FromWorker,
  OpenedModel,
  OpenMessage,
  TimedOutput,
  ToWorker,
} from "./messages.ts";

/** Milliseconds for which a closing waits for the worker to end its pass. */
const CLOSE_MS = 5000;

/** Milliseconds that a model may take to open, shared prompts included. */
const OPEN_MS = 600_000;

/** How a worker is started. */
export interface ClientOptions {
  /** The worker's module. */
  module?: string;
  /** Called with what is worth a line in the log. */
  onWarning?: (message: string) => void;
  /** Milliseconds that the model may take to open. @default 600_000 */
  openMs?: number;
}

type MaybePromise<T> = T | Promise<T>;

/** Decodes with one model. */
export class ModelClient implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #onWarning: ((message: string) => void) | undefined;
  readonly #answers = new Answers((message) => this.#say(message));
  readonly #opening = Promise.withResolvers<void>();
  #isClosing = false;
  readonly #closed = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<Error>();
  #opened: OpenedModel | undefined;
  #erasures = new Map<number, PromiseWithResolvers<Erasure>>();
  #nextErasure = 0;
  /** What requests get once the worker has failed or is closed. */
  #ended: ApiError | undefined;
  #counters: PrefixCounters | undefined;

  private constructor(
    { module = import.meta.resolve("./worker.ts"), onWarning }: ClientOptions,
  ) {
    this.#worker = new Worker(module, { type: "module" });
    this.#onWarning = onWarning;
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    listenForFailure(this.#worker, (error) => this.#die(error));
    // Native code that runs in a worker must not outlive it.
    this.#closed.promise.then(() => this.#worker.terminate());
    this.failure.then(this.#opening.reject);
    this.#opening.promise.catch(() => {}); // perhaps before it is waited for
  }

  /**
   * Starts a worker, and opens a model in it once it is known which.
   *
   * @throws {Error} if the model cannot be opened, or not in time.
   */
  static async open(
    message: MaybePromise<Omit<OpenMessage, "type">>,
    options: ClientOptions = {},
  ): Promise<ModelClient> {
    const { openMs = OPEN_MS } = options;
    const client = new ModelClient(options);
    let late: ReturnType<typeof setTimeout> | undefined;
    try {
      client.#say({ type: "open", ...await message });
      late = setTimeout(
        () => client.fail(new Error(tooLate(openMs))),
        openMs,
      );
      await client.#opening.promise;
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** How the model runs now. */
  get opened(): OpenedModel {
    return this.#opened!;
  }

  /** Resolves when the worker or its device has failed; nothing is decoded then. */
  get failure(): Promise<Error> {
    return this.#failure.promise;
  }

  /** What the cache of prompts had done when the last text ended. */
  get counters(): PrefixCounters | undefined {
    return this.#counters;
  }

  /**
   * Decodes a prompt, output by output; the first output ends the prefill.
   *
   * Cancelling the stream, or leaving a loop over it, stops the worker within a pass;
   * so does the signal, which fails the stream with its reason. Both take effect once
   * the worker has freed the memory of the sequence.
   */
  decode(
    request: DecodeRequest,
    options: { signal: AbortSignal },
  ): ReadableStream<TimedOutput> {
    if (!this.#ended) return this.#answers.open(request, options);
    const error = this.#isClosing
      ? modelUnavailable("it is stopped")
      : this.#ended;
    return new ReadableStream({ start: (stream) => stream.error(error) });
  }

  /** Resolves once no request is in the worker. */
  async idle(): Promise<void> {
    await this.#answers.idle();
  }

  /** Erases the prompts of a caller, or of all callers. */
  erase(caller?: string): Promise<Erasure> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextErasure++;
    const erasure = Promise.withResolvers<Erasure>();
    this.#erasures.set(id, erasure);
    this.#say({ type: "erase", id, caller });
    return erasure.promise;
  }

  /** Fails what runs: the worker lives, but can no longer be used. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#end(ended("has failed"));
    this.#failure.resolve(error);
  }

  /**
   * Fails what runs, and ends the worker once it has freed its memory. Resolves then:
   * no native code runs any more.
   */
  async close(): Promise<void> {
    this.#end(ended("is closed"));
    // The worker would free its memory again.
    if (!this.#isClosing) this.#say({ type: "close" });
    this.#isClosing = true;
    await this.#closed.promise;
  }

  /** Closes it, but waits only for a while: a worker in a long pass ends after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await deadline(this.close(), CLOSE_MS).catch(() => {});
    this.#answers.abandon();
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "opened":
        this.#opened = message;
        return this.#opening.resolve();
      case "widened": {
        const { sequencesPerPass } = message;
        this.#opened = { ...this.#opened!, sequencesPerPass };
        return;
      }
      case "warning":
        if (!this.#ended) this.#onWarning?.(message.message);
        return;
      case "failed":
        return this.fail(new Error(message.message));
      case "closed":
        return this.#closed.resolve();
      case "erased":
        this.#erasures.get(message.id)?.resolve(message);
        this.#erasures.delete(message.id);
        return;
      case "done":
        this.#counters = message.counters;
        return this.#answers.receive(message);
      case "output":
        return this.#answers.receive(message);
    }
  }

  /** Fails what runs in a worker that is dead. */
  #die(error: Error): void {
    this.#closed.resolve();
    this.#answers.abandon();
    this.fail(error);
  }

  #end(error: ApiError): void {
    this.#ended ??= error;
    this.#answers.fail(this.#ended);
    for (const { reject } of this.#erasures.values()) reject(this.#ended);
    this.#erasures.clear();
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/** Calls `fail` when a worker throws what nothing catches, or cannot be understood. */
function listenForFailure(worker: Worker, fail: (error: Error) => void): void {
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(`The model's worker failed: ${event.message}`));
  };
  worker.onmessageerror = () =>
    fail(new Error("The model's worker failed: a message was unreadable"));
}

function tooLate(ms: number): string {
  return `Cannot open the model: it must open in ${
    ms / 1000
  } seconds: received no answer`;
}

function ended(state: string): ApiError {
  return new ApiError(
    500,
    `Cannot finish the reply: the model must run: it ${state}`,
    { code: "model_failed" },
  );
}
