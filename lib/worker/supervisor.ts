/**
 * Keeps one model served. When its worker dies, the running requests fail with an
 * error, and the model is opened again after a pause, which is longer each time.
 * Requests that arrive meanwhile wait. After repeated failures the model is given up.
 *
 * ```text
 * starting ─▶ ready ─▶ failed ─▶ starting ─▶ …
 *                        └─▶ stopped, after three failures without a served request
 * ```
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ApiError } from "../engine/errors.ts";
import type { ModelState } from "../engine/generation.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { ModelClient } from "./client.ts";
import type { DecodeRequest, OpenedModel, TimedOutput } from "./messages.ts";

/** Failures in a row, without a served request between, that end the attempts. */
const MOST_FAILURES = 3;

/** Requests that fail one after the other before their model counts as failed. */
const MOST_ERRORS = 3;

/** Milliseconds before the first reopening; each further one waits twice as long. */
const FIRST_PAUSE_MS = 500;

/** Milliseconds that a request waits for a model to be open again. */
const PATIENCE_MS = 60_000;

/** What a supervisor needs from outside. */
export interface SupervisorOptions {
  /** Opens the model in a fresh worker. */
  open: () => Promise<ModelClient>;
  /** Called with each failure after the first opening, before the next attempt. */
  onFailure: (error: Error) => void;
  /** Called once when the model is given up. */
  onGivenUp: (error: Error) => void;
  /** Waits some milliseconds. */
  pause?: (ms: number) => Promise<void>;
  /** Milliseconds that a request waits for the model. @default 60_000 */
  patienceMs?: number;
}

/** A model that is opened again when it fails. */
export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  #state: ModelState = "starting";
  #client: ModelClient | undefined;
  /** Settles when the model is open, or given up. */
  #opening = Promise.withResolvers<ModelClient>();
  #failures = 0;
  /** Requests that have failed since the last one that was served. */
  #errors = 0;
  #restarts = 0;

  constructor(options: SupervisorOptions) {
    this.#options = { pause: delay, patienceMs: PATIENCE_MS, ...options };
    this.#opening.promise.catch(() => {}); // perhaps no request waits for it
  }

  /** What the model is doing. */
  get state(): ModelState {
    return this.#state;
  }

  /** How the model ran when it was last opened. */
  get opened(): OpenedModel | undefined {
    return this.#client?.opened;
  }

  /** Times that the model was opened again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** What the prefix cache has done since the model was opened. */
  get counters(): PrefixCounters | undefined {
    return this.#client?.counters;
  }

  /**
   * Opens the model for the first time and watches over it from then on.
   *
   * @throws what the opening throws: a model that never ran is not tried again.
   */
  async start(): Promise<OpenedModel> {
    try {
      const client = await this.#options.open();
      this.#serve(client);
      return client.opened;
    } catch (error) {
      this.#state = "failed";
      this.#opening.reject(unavailable());
      throw error;
    }
  }

  /**
   * Decodes a prompt, output by output, once the model is open.
   *
   * @throws {ApiError} 503 if the model is not open in time, 500 if it fails.
   */
  async *decode(
    request: DecodeRequest,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<TimedOutput, void> {
    const client = await this.#whenOpen(signal);
    let failed = false;
    try {
      yield* client.decode(request, { signal });
    } catch (error) {
      failed = true;
      if (!signal.aborted && ++this.#errors >= MOST_ERRORS) {
        client.fail(error as Error);
      }
      throw error;
    } finally {
      if (!failed) this.#failures = this.#errors = 0;
    }
  }

  /**
   * Erases the prompts of a caller, or of all callers.
   *
   * @throws {ApiError} 503 if the model is not open.
   */
  async erase(caller?: string): Promise<Erasure> {
    if (this.#state !== "ready") throw unavailable();
    return await this.#client!.erase(caller);
  }

  /** Resolves once the worker is idle, and so in no native code. */
  async idle(): Promise<void> {
    await this.#client?.idle();
  }

  /** Ends the worker; the model is not opened again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#client?.[Symbol.asyncDispose]();
  }

  #stop(): void {
    if (this.#state !== "ready") this.#opening.reject(unavailable());
    this.#state = "stopped";
  }

  #serve(client: ModelClient): void {
    this.#client = client;
    this.#errors = 0;
    this.#state = "ready";
    this.#opening.resolve(client);
    client.failure.then((error) => this.#recover(error));
  }

  /** Opens the model again after a failure, until it is open or given up. */
  async #recover(failure: Error): Promise<void> {
    if (this.#isStopped()) return;
    const { open, onFailure, onGivenUp, pause } = this.#options;
    this.#opening = Promise.withResolvers();
    this.#opening.promise.catch(() => {});
    for (let error = failure;;) {
      this.#state = "failed";
      this.#failures++;
      if (this.#failures >= MOST_FAILURES) {
        this.#stop();
        return onGivenUp(error);
      }
      onFailure(error);
      // Two workers at once would need the memory twice.
      await this.#client?.[Symbol.asyncDispose]();
      await pause(FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
      if (this.#isStopped()) return;
      this.#state = "starting";
      try {
        const client = await open();
        if (this.#isStopped()) return await client[Symbol.asyncDispose]();
        this.#restarts++;
        return this.#serve(client);
      } catch (cause) {
        error = cause as Error;
      }
    }
  }

  /** Reads the state, which may have changed while something was awaited. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  /** Waits until the model is open, for as long as a client is likely to wait. */
  async #whenOpen(signal: AbortSignal): Promise<ModelClient> {
    signal.throwIfAborted();
    if (this.#state === "ready") return this.#client!;
    const late = Promise.withResolvers<never>();
    const leave = () => late.reject(signal.reason);
    const timer = setTimeout(
      () => late.reject(unavailable()),
      this.#options.patienceMs,
    );
    signal.addEventListener("abort", leave);
    try {
      return await Promise.race([this.#opening.promise, late.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    }
  }
}

function unavailable(): ApiError {
  return new ApiError(
    503,
    "Cannot serve the request: the model must be open: it has failed and is being restarted",
    {
      code: "model_unavailable",
      headers: { "Retry-After": "5", "retry-after-ms": "5000" },
    },
  );
}
