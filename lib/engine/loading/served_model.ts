/**
 * A model from the moment that the server listens: what is needed to serve it is
 * loaded, and its worker opened, at once or with the first request. After some time
 * without a request the worker is closed until the next one.
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
import type {
  Engine,
  ModelInfo,
  ModelState,
  PromptCache,
  ServedModel,
} from "../generation.ts";
import type { LoadedModel } from "./load_model.ts";
import type { PreparedModel } from "./prepare_model.ts";
import type { Queue } from "../admission/queue.ts";

/** What takes the reports of models. */
export interface ModelReports {
  /** Called each time that a model has been opened, with how it runs. */
  onOpened: (about: string) => void;
  /** Called with what is worth a line in the log. */
  onWarning: (id: string, message: string) => void;
  /** Called with each failure after which the model is opened again. */
  onFailure: (id: string, error: Error) => void;
  /** Called when a model has failed too often. */
  onGivenUp: (id: string, error: Error) => void;
}

/** What serving a model needs from outside. */
export interface ServeOptions {
  config: Config;
  /** How prompts are cached. */
  prefix: Promise<PrefixSettings>;
  /** What takes its reports, once it can. */
  reports: Promise<ModelReports>;
  /** Resolves after some milliseconds; rejects when the signal aborts. */
  pause?: (ms: number, options: { signal: AbortSignal }) => Promise<void>;
}

/** Serves one model. */
export class LazyModel implements ServedModel, PromptCache {
  readonly id: string;
  readonly created = Math.floor(Date.now() / 1000);
  readonly #options: Required<ServeOptions>;
  readonly #name: string;
  readonly #model: Supervisor;
  #prepared: PreparedModel | undefined;
  #loaded: LoadedModel | undefined;
  readonly #begun = Promise.withResolvers<void>();
  #engine: Engine | undefined;
  /** Requests that wait for the model or are in it. */
  #requests = 0;
  /** Settles when there is none. */
  #idle = Promise.withResolvers<void>();
  /** Aborts when the model need not sleep after all. */
  #waking = new AbortController();

  /** @throws {TypeError} if `name` names no model. */
  constructor(name: string, options: ServeOptions) {
    this.id = resolveModel(name).id;
    this.#name = name;
    this.#options = { pause: delay, ...options };
    this.#idle.resolve();
    this.#model = new Supervisor({
      open: () => this.#open(),
      onFailure: async (error) =>
        (await options.reports).onFailure(this.id, error),
      onGivenUp: async (error) =>
        (await options.reports).onGivenUp(this.id, error),
      patienceMs: options.config.startSeconds * 1000,
    });
  }

  /** Resolves when a worker has all that it needs to open the model. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** What the model is doing. */
  get state(): ModelState {
    return this.#model.state;
  }

  /** How the model runs; none before it has been opened. */
  get info(): ModelInfo | undefined {
    return this.#model.opened && this.#engine?.info;
  }

  /** The requests of the model; none before it is loaded. */
  get queue(): Queue | undefined {
    return this.#loaded?.queue;
  }

  /** Times that the model was opened again after a failure. */
  get restarts(): number {
    return this.#model.restarts;
  }

  /** What the prefix cache has done since the model was opened. */
  get counters(): PrefixCounters | undefined {
    return this.#model.counters;
  }

  /**
   * Opens the model before a request needs it.
   *
   * @throws what the opening throws: a model that never ran is not tried again.
   */
  async start(): Promise<void> {
    await this.#model.start();
  }

  /**
   * Waits until the model is open, and opens it if it is asleep.
   *
   * @throws {ApiError} 503 if it is not open in time.
   */
  async open(signal: AbortSignal): Promise<Engine> {
    using _ = this.#enter();
    await this.#model.whenOpen(signal);
    const engine = this.#engine!;
    const enter = () => this.#enter();
    return {
      ...engine,
      async embed(texts, options) {
        using _ = enter();
        return await engine.embed(texts, options);
      },
      async decide(questions, options) {
        using _ = enter();
        return await engine.decide(questions, options);
      },
      async *generate(request, options) {
        using _ = enter();
        yield* engine.generate(request, options);
      },
    };
  }

  /** Erases the prompts of a caller, or of all callers. */
  async erase(caller?: string): Promise<Erasure> {
    using _ = this.#enter();
    return await this.#model.erase(caller);
  }

  /** Resolves once no request waits for the model or is in it. */
  async idle(): Promise<void> {
    do {
      await this.#idle.promise;
      // A request that was cancelled may take a pass more.
      await this.#model.idle();
      // A request for which the model was opened is about to enter it.
      await delay(0);
    } while (this.#requests > 0);
  }

  /** Ends the model; resolves once it runs no native code. */
  async close(): Promise<void> {
    this.#waking.abort();
    await this.#model[Symbol.asyncDispose]();
  }

  /** Counts a request until the handle is disposed of. */
  #enter(): Disposable {
    if (this.#requests++ === 0) this.#idle = Promise.withResolvers();
    this.#waking.abort();
    return {
      [Symbol.dispose]: () => {
        if (--this.#requests > 0) return;
        this.#idle.resolve();
        this.#rest();
      },
    };
  }

  /** Closes the worker after some time, unless a request comes. */
  async #rest(): Promise<void> {
    const { config: { sleepSeconds }, pause } = this.#options;
    if (sleepSeconds === 0) return;
    this.#waking.abort();
    const { signal } = this.#waking = new AbortController();
    await pause(sleepSeconds * 1000, { signal }).catch(() => {});
    // A request that was cancelled may take a pass more.
    await this.#model.idle();
    if (signal.aborted) return;
    await this.#model.sleep();
  }

  async #load(): Promise<LoadedModel> {
    if (this.#loaded) return this.#loaded;
    const { config, prefix } = this.#options;
    const { prepareModel } = await import("./prepare_model.ts");
    const { loadModel } = await import("./load_model.ts");
    this.#prepared = await prepareModel(this.#name, config);
    return this.#loaded = await loadModel(this.#prepared, {
      config,
      prefix: await prefix,
    });
  }

  async #open(): Promise<ModelClient> {
    const { reports } = this.#options;
    const loading = this.#load();
    const opening = ModelClient.open(
      loading.then(({ message }) => message),
      {
        onWarning: async (text) => (await reports).onWarning(this.id, text),
      },
    );
    opening.catch(() => {}); // It is thrown below.
    const loaded = await loading;
    try {
      await delay(0); // The worker has its message by then, and opens the model.
      this.#begun.resolve();
      const { openEngine } = await import("./open_engine.ts");
      this.#engine ??= await openEngine(this.#prepared!, loaded, this.#model);
    } catch (error) {
      opening.then((client) => client.close(), () => {});
      throw error;
    }
    const client = await opening;
    const { passMs, prefix: cache, exact } = client.opened;
    const { message, budget } = loaded;
    const { context, backend, threads, artefact: { format } } = message;
    (await reports).onOpened(
      `${this.id}: ${backend}, ${format} weights, ${threads} threads, ` +
        `${context} tokens of context, ${budget.slots} in memory, ` +
        `${
          passMs.toFixed(1)
        } ms a pass, ${exact} exact; prompt cache: ${cache}`,
    );
    if (this.#requests === 0) this.#rest();
    return client;
  }
}
