/**
 * The models of a configuration. They begin to open before most of the program is
 * imported, and report to it once it is.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { PrefixSettings } from "../../prefix/open_prefix_cache.ts";
import { openSecret, secretPath } from "../../prefix/secret.ts";
import { freeMemory } from "../../runtime/host/memory.ts";
import { IdleMemory } from "./idle_memory.ts";
import { ModelMemory } from "./model_memory.ts";
import type { ModelReports } from "./model_reports.ts";
import { LazyModel } from "./lazy_model.ts";

/** The models, and how they open. */
export interface ServedModels {
  models: LazyModel[];
  /** How prompts are cached. */
  prefix: Promise<PrefixSettings>;
  /**
   * Settles when all that need not wait for a request are open, as far as the memory has
   * room, or one can't be.
   */
  opening: Promise<void>;
  /** Resolves when this thread has nothing more to do for the first one to open. */
  begun: Promise<unknown>;
  /** Names what takes the models' reports. */
  reportTo(reports: ModelReports): void;
}

/** Serves models, and begins to open them unless that is left to requests. */
export function serveModels(config: Config): ServedModels {
  const reports = Promise.withResolvers<ModelReports>();
  const prefix = prefixSettings(config);
  prefix.catch(() => {}); // The first model that needs it fails.
  const bytes = config.modelMemory ?? freeMemory() / 2;
  const memory = new ModelMemory(bytes, new IdleMemory());
  const options = {
    config,
    memory,
    prefix,
    reports: reports.promise,
    isAnotherServed: (id: string) =>
      models.some((model) => model.id !== id && !model.isGivenUp),
  };
  const models: LazyModel[] = config.models.map((name) =>
    new LazyModel(name, options)
  );
  const isEager = config.load === "eager";
  const opening = isEager ? openAll(models) : Promise.resolve();
  opening.catch(() => {}); // perhaps before it is waited for
  const begun = isEager ? Promise.race([models[0].begun, opening]) : opening;
  begun.catch(() => {});
  return {
    models,
    prefix,
    opening,
    begun,
    reportTo: reports.resolve,
  };
}

/**
 * Opens models one after the other, as each takes all processors.
 *
 * @throws {Error} that names the model, if there are others.
 */
async function openAll(models: LazyModel[]): Promise<void> {
  for (const model of models) {
    try {
      await model.start();
    } catch (cause) {
      if (models.length === 1) throw cause;
      const { message } = cause as Error;
      throw new Error(`${model.id}: ${message}`, { cause });
    }
  }
}

/** Returns how prompts are cached. */
async function prefixSettings(config: Config): Promise<PrefixSettings> {
  const { prefix: { secret: passphrase, ...settings }, cacheDir } = config;
  const path = secretPath({ ...settings, cacheDir });
  return { ...settings, secret: await openSecret({ passphrase, path }) };
}
