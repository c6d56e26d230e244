/**
 * Keeps one model served. A model that is asleep is opened by its next request. When its
 * worker dies, the running requests fail with an error, and the model is opened again
 * after a pause, which is longer each time. Requests that arrive meanwhile wait. After
 * repeated failures the model is given up: requests wait for it no longer. If another
 * model is served, it is still opened again after each pause.
 *
 * ```text
 * asleep ─▶ starting ─▶ ready ─▶ failed ─▶ starting ─▶ …
 *                         │         └─▶ stopped, if it is given up and no other is served
 *                         └─▶ asleep, on demand
 * ```
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { ApiError, modelUnavailable } from "../engine/errors.ts";
import type { ModelState } from "../engine/generation.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type { ModelClient } from "./client.ts";
import { Failures } from "./failures.ts";
import type { DecodeRequest, OpenedModel, TimedOutput } from "./messages.ts";

/** What a supervisor needs from outside. */
export interface SupervisorOptions {
  /** Names the model in errors. */
  id: string;
  /** Opens the model in a fresh worker. */
  open: () => Promise<ModelClient>;
  /** Called with each failure, once the worker's memory is free. */
  onFailure: (error: Error) => void;
  /** Called once when the model is given up and stopped. */
  onGivenUp: (error: Error) => void;
  /** Returns whether another model is served, so that this one need not be. */
  isAnotherServed?: () => boolean;
  /** Waits some milliseconds, unless the signal aborts before. */
  pause?: (ms: number, options: { signal: AbortSignal }) => Promise<void>;
  /** Milliseconds that a request waits for the model. */
  patienceMs: number;
}

/** A model that is opened again when it fails. */
export class Supervisor {
  readonly #options: Required<SupervisorOptions>;
  #state: ModelState = "asleep";
  /** The last worker; it has ended if the model is asleep. */
  #client: ModelClient | undefined;
  /** Settles when the memory of the worker before a sleep is free. */
  #closing: Promise<void> = Promise.resolve();
  /** Settles when the model is open, or given up. */
  #opening!: PromiseWithResolvers<ModelClient>;
  readonly #failures: Failures;
  readonly #stopping = new AbortController();
  #restarts = 0;

  constructor(options: SupervisorOptions) {
    this.#options = { pause: delay, isAnotherServed: () => false, ...options };
    this.#failures = new Failures(options.id);
    this.#expect();
  }

  /** What the model is doing. */
  get state(): ModelState {
    return this.#state;
  }

  /** Whether it has failed too often to be waited for. */
  get isGivenUp(): boolean {
    return this.#failures.areTooMany;
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
   * Opens the model before a request needs it.
   *
   * @throws what the opening throws: a model that never ran is not tried again.
   */
  async start(): Promise<void> {
    if (this.#state !== "asleep") return;
    this.#state = "starting";
    try {
      this.#serve(await this.#options.open());
    } catch (error) {
      this.#state = "failed";
      this.#opening.reject(modelUnavailable("it could not be opened"));
      throw error;
    }
  }

  /**
   * Waits until the model is open, and opens it if it is asleep.
   *
   * @throws {ApiError} 503 if it is not open in time, or is given up.
   * @throws the signal's reason if it aborts before.
   */
  async whenOpen(signal: AbortSignal): Promise<ModelClient> {
    signal.throwIfAborted();
    if (this.#state === "ready") return this.#client!;
    this.#wake();
    const opened = deadline(this.#opening.promise, this.#options.patienceMs);
    return await abortable(opened, signal).catch((error: unknown) => {
      const isLate = !signal.aborted && !(error instanceof ApiError);
      throw isLate ? this.#failures.unavailable(this.#state) : error;
    });
  }

  /**
   * Decodes a prompt, output by output, once the model is open.
   *
   * @throws {ApiError} 503 if the model is not open in time, or its device has no memory
   * for the text, 400 if the request's grammar leaves it no way to go on.
   * @throws {Error} if the model fails.
   */
  async *decode(
    request: DecodeRequest,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<TimedOutput, void> {
    const client = await this.whenOpen(signal);
    let failed = false;
    try {
      yield* client.decode(request, { signal });
    } catch (error) {
      failed = true;
      const isRefused = error instanceof ApiError;
      if (!isRefused && !signal.aborted && this.#failures.addError()) {
        client.fail(error as Error);
      }
      throw error;
    } finally {
      if (!failed) this.#failures.forgive();
    }
  }

  /**
   * Erases the prompts of a caller, or of all callers.
   *
   * @throws {ApiError} 503 if the model is not open; if it is asleep, it is opened.
   */
  async erase(caller?: string): Promise<Erasure> {
    this.#wake();
    if (this.#state !== "ready") throw this.#failures.unavailable(this.#state);
    return await this.#client!.erase(caller);
  }

  /** Ends the worker of an idle model, if it is ready; resolves once its memory is free. */
  async sleep(): Promise<void> {
    if (this.#state !== "ready") return;
    this.#state = "asleep";
    this.#expect();
    await (this.#closing = this.#client![Symbol.asyncDispose]());
  }

  /** Resolves once no request is in the worker. */
  async idle(): Promise<void> {
    await this.#client?.idle();
  }

  /** Ends the worker; resolves once no native code runs, however long that takes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#client?.close();
  }

  #stop(): void {
    if (this.#state === "ready") this.#expect();
    this.#state = "stopped";
    this.#stopping.abort();
    this.#opening.reject(this.#failures.unavailable(this.#state));
  }

  /** Opens the model if it is asleep. */
  #wake(): void {
    if (this.#state !== "asleep") return;
    this.#state = "starting";
    this.#closing.then(() => this.#options.open()).then(
      (client) => this.#serve(client),
      (error) => this.#recover(error),
    );
  }

  #serve(client: ModelClient): void {
    if (this.#isStopped()) return void client[Symbol.asyncDispose]();
    this.#client = client;
    this.#failures.noteOpen();
    this.#state = "ready";
    this.#opening.resolve(client);
    client.failure.then((error) => this.#recover(error));
  }

  /** Opens the model again after a failure, until it is open or stopped. */
  async #recover(failure: Error): Promise<void> {
    if (this.#isStopped()) return;
    const { open, onFailure, onGivenUp, isAnotherServed, pause } =
      this.#options;
    if (this.#state === "ready") this.#expect();
    for (let error = failure;;) {
      this.#state = "failed";
      this.#failures.add(error);
      if (this.isGivenUp) {
        if (!isAnotherServed()) {
          this.#stop();
          return onGivenUp(error);
        }
        this.#opening.reject(this.#failures.unavailable(this.#state));
      }
      // Two workers at once would need the memory twice.
      await this.#client?.[Symbol.asyncDispose]();
      onFailure(error);
      await pause(this.#failures.pauseMs, this.#stopping).catch(() => {});
      if (this.#isStopped()) return;
      if (this.isGivenUp) this.#expect();
      this.#state = "starting";
      try {
        this.#serve(await open());
        return void this.#restarts++;
      } catch (cause) {
        error = cause as Error;
      }
    }
  }

  /** Makes requests wait for another opening. */
  #expect(): void {
    this.#opening = Promise.withResolvers();
    this.#opening.promise.catch(() => {}); // perhaps none waits for it
  }

  /** Reads the state, which may have changed while something was awaited. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
