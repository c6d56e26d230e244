/**
 * A model from the moment that the server listens: what is needed to serve it is
 * loaded, and its worker opened, at once or with the first request. After some time
 * without a request, or when another model needs the memory, the worker is closed until
 * the next one.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { resolveModel } from "../../../models/registry.ts";
import type { Config } from "../../config/config.ts";
import type { PrefixSettings } from "../../prefix/open_prefix_cache.ts";
import type { Erasure } from "../../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../../prefix/prefix_counters.ts";
import { ModelClient } from "../../worker/client.ts";
import { Supervisor } from "../../worker/supervisor.ts";
import { ApiError, modelUnavailable } from "../errors.ts";
import type {
  Engine,
  ModelInfo,
  ModelState,
  PromptCache,
  ServedModel,
} from "../generation.ts";
import type { LoadedModel } from "./load_model.ts";
import { Loading } from "./loading.ts";
import { aboutOpened, type ModelReports } from "./model_reports.ts";
import type { Holder, ModelMemory, Place } from "./model_memory.ts";
import { Requests } from "./requests.ts";
import type { Texts } from "../text_tasks.ts";
import type { Queue } from "../admission/queue.ts";

/** What serving a model needs from outside. */
export interface ServeOptions {
  config: Config;
  /** What divides memory among the models. */
  memory: ModelMemory;
  /** How prompts are cached. */
  prefix: Promise<PrefixSettings>;
  /** What takes its reports, once it can. */
  reports: Promise<ModelReports>;
  /** Returns whether another model is served, so that this one may fail. */
  isAnotherServed?: (id: string) => boolean;
  /** Resolves after some milliseconds; rejects when the signal aborts. */
  pause?: (ms: number, options: { signal: AbortSignal }) => Promise<void>;
}

/** Serves one model. */
export class LazyModel implements ServedModel, PromptCache, Holder {
  readonly id: string;
  readonly created = Math.floor(Date.now() / 1000);
  readonly #options: Required<ServeOptions>;
  readonly #model: Supervisor;
  readonly #loading: Loading;
  readonly #begun = Promise.withResolvers<void>();
  readonly #requests = new Requests((signal) => this.#rest(signal));
  /** The memory that it has while it is open. */
  #place: Place | undefined;
  /** Whether it waits for memory that others have. */
  #isWaiting = false;
  readonly #closing = new AbortController();

  /** @throws {TypeError} if `name` names no model. */
  constructor(name: string, options: ServeOptions) {
    this.id = resolveModel(name).id;
    this.#loading = new Loading(name, options);
    this.#options = { pause: delay, isAnotherServed: () => false, ...options };
    this.#model = new Supervisor({
      id: this.id,
      open: () => this.#open(),
      onFailure: async (error) => {
        if (this.isGivenUp) this.#giveBack();
        (await options.reports).onFailure(this.id, error);
      },
      onGivenUp: async (error) =>
        (await options.reports).onGivenUp(this.id, error),
      isAnotherServed: () => this.#options.isAnotherServed(this.id),
      patienceMs: options.config.startSeconds * 1000,
    });
  }

  /** Resolves when a worker has all that it needs to open the model. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Works on texts, from when the vocabulary is read. */
  get earlyTexts(): Promise<Texts> {
    return this.#loading.texts;
  }

  /** What the model is doing. */
  get state(): ModelState {
    return this.#model.state;
  }

  /** Whether it has failed too often to be waited for. */
  get isGivenUp(): boolean {
    return this.#model.isGivenUp;
  }

  /** How the model runs; none before it has been opened. */
  get info(): ModelInfo | undefined {
    return this.#model.opened && this.#loading.info;
  }

  /** The requests of the model; none before it is loaded. */
  get queue(): Queue | undefined {
    return this.#loading.loaded?.queue;
  }

  /** Times that the model was opened again after a failure. */
  get restarts(): number {
    return this.#model.restarts;
  }

  /** What the prefix cache has done since the model was opened. */
  get counters(): PrefixCounters | undefined {
    return this.#model.counters;
  }

  /** Whether it is open and has no request. */
  get isIdle(): boolean {
    return this.state === "ready" && this.#requests.count === 0;
  }

  /**
   * Opens the model before a request needs it, unless others leave it no memory.
   *
   * @throws what the opening throws: a model that never ran is not tried again.
   */
  async start(): Promise<void> {
    const { memory } = this.#options;
    // The first one opens whatever its size, which takes time to learn.
    const fits = memory.hasRoom(Infinity) ||
      memory.hasRoom((await this.#loading.load()).bytes);
    if (fits) await this.#model.start();
  }

  /**
   * Waits until the model is open, and opens it if it is asleep.
   *
   * @throws {ApiError} 503 if it is not open in time, or has failed too often.
   */
  async open(signal: AbortSignal): Promise<Engine> {
    using _ = this.#requests.enter();
    await this.#model.whenOpen(signal).catch((error: unknown) => {
      if (!this.#isWaiting || !(error instanceof ApiError)) throw error;
      throw modelUnavailable("models that are answering take its memory");
    });
    return this.#requests.counted(this.#loading.engine!);
  }

  /** Erases the prompts of a caller, or of all callers. */
  async erase(caller?: string): Promise<Erasure> {
    using _ = this.#requests.enter();
    return await this.#model.erase(caller);
  }

  /** Resolves once no request waits for the model or is in it. */
  async idle(): Promise<void> {
    do {
      await this.#requests.none;
      await this.#settled();
    } while (this.#requests.count > 0);
  }

  /** Closes the worker until the next request, unless one comes just now. */
  async sleep(): Promise<void> {
    await this.#settled();
    if (!this.isIdle) return;
    using _ = this.#place;
    this.#place = undefined;
    const closed = this.#model.sleep();
    this.#loading.sleep();
    await closed;
  }

  /** Ends the model; resolves once it runs no native code. */
  async close(): Promise<void> {
    this.#requests.close();
    this.#closing.abort();
    await this.#model[Symbol.asyncDispose]();
    this.#loading.sleep();
  }

  /** Resolves once the requests that have left, or are about to enter, have done so. */
  async #settled(): Promise<void> {
    await this.#model.idle(); // One that was cancelled may take a pass more.
    await delay(0); // One for which the model was opened is about to enter it.
  }

  /** Sleeps after some time, unless a request comes. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { config: { sleepSeconds }, pause } = this.#options;
    this.#place?.rest();
    if (sleepSeconds === 0) return;
    await pause(sleepSeconds * 1000, { signal }).catch(() => {});
    if (!signal.aborted) await this.sleep();
  }

  /** Gives its memory back to other models. */
  #giveBack(): void {
    this.#place?.[Symbol.dispose]();
    this.#place = undefined;
  }

  /** Returns the loaded model once there is memory for it. */
  async #fit(): Promise<LoadedModel> {
    const loaded = await this.#loading.load();
    const asked = { bytes: loaded.bytes, signal: this.#closing.signal };
    this.#isWaiting = true;
    try {
      // After a failure, it has its memory still.
      this.#place ??= await this.#options.memory.take(this, asked);
      return loaded;
    } finally {
      this.#isWaiting = false;
    }
  }

  async #open(): Promise<ModelClient> {
    const { reports } = this.#options;
    const fitting = this.#fit();
    if (this.#loading.loaded) await fitting; // A worker takes memory, too.
    const opening = ModelClient.open(
      fitting.then(({ message }) => message),
      { onWarning: async (text) => (await reports).onWarning(this.id, text) },
    );
    opening.catch(() => {}); // It is thrown below.
    const loaded = await this.#loading.load();
    try {
      await delay(0); // The worker has its message by then, and opens the model.
      this.#begun.resolve();
      await this.#loading.openEngine(this.#model);
    } catch (error) {
      opening.then((client) => client.close(), () => {});
      throw error;
    }
    const client = await opening;
    (await reports).onOpened(aboutOpened(this.id, loaded, client.opened));
    delay(0).then(() => this.#requests.rest()); // It is ready by then.
    return client;
  }
}
