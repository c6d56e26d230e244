/**
 * One served model, from its name to an engine: the file is downloaded and converted,
 * the worker opened and watched over, the line and the memory set up before it.
 *
 * @module
 */

import process from "node:process";
import { openArtefact } from "../../models/artefact.ts";
import { modelFile } from "../../models/download/download.ts";
import { defaultProgress } from "../../models/download/progress.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import {
  type LocalModel,
  type RemoteModel,
  resolveModel,
} from "../../models/registry.ts";
import type { Config } from "../config/config.ts";
import type { PrefixSettings } from "../prefix/open_prefix_cache.ts";
import type { BackendName } from "../runtime/backend.ts";
import { chooseBackend, WEIGHTS } from "../runtime/choose_backend.ts";
import { ChatTemplate } from "../text/chat_template.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { toolFormatOf } from "../tools/tool_format.ts";
import { ModelClient } from "../worker/client.ts";
import { Supervisor } from "../worker/supervisor.ts";
import { createEngine } from "./engine.ts";
import type { Engine, ModelInfo } from "./generation.ts";
import { KvBudget, type KvMemory } from "./kv_budget.ts";
import { Queue } from "./queue.ts";
import { TextThread } from "./text_thread.ts";

/** What serving a model needs from outside. */
export interface ServeOptions {
  config: Config;
  prefix: PrefixSettings;
  /** Called with each failure after which the model is opened again. */
  onFailure: (id: string, error: Error) => void;
  /** Called when a model has failed too often. */
  onGivenUp: (id: string, error: Error) => void;
}

/** A model that is served. */
export interface ServedModel {
  engine: Engine;
  queue: Queue;
  budget: KvBudget;
  model: Supervisor;
}

/** Downloads and converts a model, which takes a while the first time only. */
export async function prepareModel(name: string, config: Config) {
  const { cacheDir } = config;
  const progress = defaultProgress();
  const model = resolveModel(name);
  const gguf = await openGguf(await modelFile(model, { cacheDir, progress }));
  const backend = await chooseBackend(config.backend);
  const artefact = await openArtefact(gguf, {
    cacheDir,
    format: WEIGHTS[backend],
    progress,
    adapter: adapterPath(model),
  });
  return { id: model.id, gguf, backend, artefact };
}

/** Prepares a model and opens it. */
export async function serveModel(
  name: string,
  { config, prefix, onFailure, onGivenUp }: ServeOptions,
): Promise<ServedModel> {
  const { id, gguf, backend, artefact } = await prepareModel(name, config);
  const vocabulary = ggufVocabulary(gguf.metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const context = config.context ?? artefact.config.context;
  const budget = new KvBudget({
    ...artefact.config,
    softPrompt: artefact.adapter.softPrompt,
    context,
    answer: config.maxTokens,
  }, memoryOf(config, backend));
  // A GPU's passes are no work for this machine's processors.
  const threads = backend === "webgpu" ? 1 : config.threads;
  const message = {
    artefact,
    backend,
    threads,
    context,
    prefix: { ...prefix, memoryBytes: budget.tierBytes },
    shared: await Promise.all(
      config.prefix.shared.map(async (path) =>
        template.encodeSystem(await Deno.readTextFile(path))
      ),
    ),
  };
  const model = new Supervisor({
    open: () => ModelClient.open(message),
    onFailure: (error) => onFailure(id, error),
    onGivenUp: (error) => onGivenUp(id, error),
  });
  const queue = new Queue({
    maxRunning: config.parallel,
    maxWaiting: config.queue,
    slots: budget.slots,
  });
  const created = Math.floor(Date.now() / 1000);
  await model.start();
  const digest = artefact.digest.slice(0, 8);
  function info(): ModelInfo {
    const { exact, sequencesPerPass } = model.opened!;
    const weights = artefact.format;
    const fingerprint = `fp_${digest}_${backend}_${weights}_${exact}`;
    return {
      ...{ id, created, context, backend, weights, threads },
      ...{ exact, sequencesPerPass },
      fingerprint,
    };
  }
  const engine = createEngine({
    info,
    state: () => model.state,
    tokenizer,
    toolFormat: toolFormatOf(vocabulary.chatTemplate),
    texts: new TextThread({ tokenizer, template, context }, gguf),
    decoder: model,
    queue,
    budget,
  });
  return { engine, queue, budget, model };
}

/** Returns one model's share of the memory for keys and values. */
function memoryOf(
  { models, kvMemory, prefix }: Config,
  backend: BackendName,
): KvMemory {
  const cached = prefix.mode !== "off" && backend !== "webgpu";
  return {
    bytes: kvMemory && kvMemory / models.length,
    free: freeMemory() / models.length,
    tier: cached ? prefix.memoryBytes : 0,
  };
}

/** Returns the bytes that this process may still take, in a container or not. */
function freeMemory(): number {
  const limit = process.constrainedMemory() || Infinity;
  const left = Math.max(0, limit - process.memoryUsage.rss());
  return Math.min(left, process.availableMemory());
}

/** Returns where a model's adapter is, if it has one. */
function adapterPath(model: LocalModel | RemoteModel): string | URL {
  return "path" in model
    ? model.path.replace(/\.gguf$/, ".bita.safetensors")
    : new URL(`../../models/${model.id}/bita.safetensors`, import.meta.url);
}
