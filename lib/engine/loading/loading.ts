/**
 * What serves a model in this thread: the queue and the counted memory as long as the
 * server runs, the vocabulary and the threads for long texts only while the model is
 * awake.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { PrefixSettings } from "../../prefix/open_prefix_cache.ts";
import type { Supervisor } from "../../worker/supervisor.ts";
import type { Engine, ModelInfo } from "../generation.ts";
import type { Texts } from "../text_tasks.ts";
import type { LoadedModel } from "./load_model.ts";
import type { OpenEngine } from "./open_engine.ts";
import type { PreparedModel } from "./prepare_model.ts";

/** What loading depends on. */
export interface LoadingOptions {
  config: Config;
  /** How prompts are cached. */
  prefix: Promise<PrefixSettings>;
}

/** Loads one model. */
export class Loading {
  readonly #name: string;
  readonly #options: LoadingOptions;
  #prepared: PreparedModel | undefined;
  #loading: Promise<LoadedModel> | undefined;
  #loaded: LoadedModel | undefined;
  #open: OpenEngine | undefined;
  #texts = Promise.withResolvers<Texts>();
  /** How the model ran when it fell asleep. */
  #info: ModelInfo | undefined;

  /** @param name names the model in the configuration. */
  constructor(name: string, options: LoadingOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** What has been loaded. */
  get loaded(): LoadedModel | undefined {
    return this.#loaded;
  }

  /** The engine of a model that is awake. */
  get engine(): Engine | undefined {
    return this.#open?.engine;
  }

  /** Works on texts, from when the vocabulary is read. */
  get texts(): Promise<Texts> {
    return this.#texts.promise;
  }

  /** How the model runs, or did before it fell asleep. */
  get info(): ModelInfo | undefined {
    return this.engine?.info ?? this.#info;
  }

  /** Prepares the model, the first time. */
  load(): Promise<LoadedModel> {
    return this.#loading ??= this.#prepare().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
  }

  /** Opens the engine of a loaded model, unless it is open. */
  async openEngine(decoder: Supervisor): Promise<void> {
    const { openEngine } = await import("./open_engine.ts");
    this.#open ??= await openEngine(this.#prepared!, this.#loaded!, decoder);
    this.#texts.resolve(this.#open.engine.texts);
  }

  /** Frees what only a model that is awake needs. */
  sleep(): void {
    this.#info = this.info;
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
    this.#prepared?.forgetText();
    this.#texts = Promise.withResolvers();
  }

  async #prepare(): Promise<LoadedModel> {
    const { config, prefix } = this.#options;
    const { prepareModel } = await import("./prepare_model.ts");
    const { loadModel } = await import("./load_model.ts");
    this.#prepared = await prepareModel(this.#name, config);
    return this.#loaded = await loadModel(this.#prepared, {
      config,
      prefix: await prefix,
    });
  }
}
