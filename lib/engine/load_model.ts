/**
 * From a model's name to what serves it: the file is downloaded and converted, and
 * tokenizer, queue and memory are set up.
 *
 * This module imports most of the program, so it is imported after the server listens.
 *
 * @module
 */

import process from "node:process";
import { openArtefact } from "../../models/artefact.ts";
import { modelFile } from "../../models/download/download.ts";
import { defaultProgress } from "../../models/download/progress.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { resolveModel } from "../../models/registry.ts";
import type { Config } from "../config/config.ts";
import { GrammarCheck } from "../grammar/grammar_check.ts";
import type { PrefixSettings } from "../prefix/open_prefix_cache.ts";
import { chooseBackend, chooseWeights } from "../runtime/choose_backend.ts";
import { ChatTemplate } from "../text/chat_template.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import { toolFormatOf } from "../tools/tool_format.ts";
import type { OpenMessage } from "../worker/messages.ts";
import type { Supervisor } from "../worker/supervisor.ts";
import { createEngine } from "./engine.ts";
import type { Engine, ModelInfo } from "./generation.ts";
import { describeFile } from "../../models/model_file.ts";
import { KvBudget, type KvMemory } from "./admission/kv_budget.ts";
import { Queue } from "./admission/queue.ts";
import { TextThread } from "./text_thread.ts";

/** What loading a model needs. */
export interface LoadOptions {
  config: Config;
  prefix: PrefixSettings;
  /** What will decode. */
  model: Supervisor;
}

/** A model that a worker can open. */
export interface LoadedModel {
  /** What its worker needs. */
  message: Omit<OpenMessage, "type">;
  /** Opens what generates text once the worker has opened the model. */
  openEngine: () => Engine;
  queue: Queue;
  budget: KvBudget;
}

/**
 * Downloads and converts a model, which takes a while the first time only. `text` opens
 * what reads and writes its text.
 */
export async function prepareModel(name: string, config: Config) {
  const { cacheDir, hub } = config;
  const progress = defaultProgress();
  const choosing = chooseBackend(
    config.backend,
    (reason) => progress.note(`BACKEND=auto is slow here: no cpu: ${reason}`),
  );
  choosing.catch(() => {}); // It is thrown below.
  const model = resolveModel(name);
  const path = await modelFile(model, { cacheDir, hub, progress });
  const gguf = await openGguf(path);
  const text = once(() => {
    const vocabulary = ggufVocabulary(gguf.metadata);
    const tokenizer = new Tokenizer(vocabulary);
    const template = new ChatTemplate(vocabulary, tokenizer);
    return { vocabulary, tokenizer, template };
  });
  const backend = await choosing;
  const artefact = await openArtefact(gguf, {
    cacheDir,
    format: chooseWeights(config.weights, backend, gguf.tensors),
    progress,
    adapter: adapterPath(model),
    // A file whose text can't be read is refused before it is converted.
    beforeConversion: text,
  });
  return { id: model.id, gguf, backend, artefact, text };
}

/** Returns a function that calls another one once. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Prepares a model and all that serves it but the worker. */
export async function loadModel(
  name: string,
  { config, prefix, model }: LoadOptions,
): Promise<LoadedModel> {
  const { id, gguf, backend, artefact, text } = await prepareModel(
    name,
    config,
  );
  const context = config.context ?? artefact.config.context;
  const budget = new KvBudget({
    ...artefact.config,
    softPrompt: artefact.adapter.softPrompt,
    context,
    answer: config.maxTokens,
  }, memoryOf(config));
  // A GPU's passes are no work for this machine's processors.
  const threads = backend === "webgpu" ? 1 : config.threads;
  const message = {
    artefact,
    backend,
    threads,
    context,
    path: gguf.path,
    prefix: { ...prefix, memoryBytes: budget.tierBytes },
    shared: await Promise.all(
      config.prefix.shared.map(async (path) =>
        text().template.encodeSystem(await Deno.readTextFile(path))
      ),
    ),
  };
  const queue = new Queue({
    maxRunning: config.parallel,
    maxWaiting: config.queue,
    slots: budget.slots,
  });
  const digest = artefact.digest.slice(0, 8);
  const file = once(() =>
    describeFile(gguf, {
      config: artefact.config,
      vocabulary: text().vocabulary,
    })
  );
  function info(): ModelInfo {
    const { exact, sequencesPerPass } = model.opened!;
    const weights = artefact.format;
    const fingerprint = `fp_${digest}_${backend}_${weights}_${exact}`;
    return {
      ...{ id, context, backend, weights, threads },
      ...{ exact, sequencesPerPass, fingerprint, file: file() },
    };
  }
  function openEngine(): Engine {
    const { vocabulary, tokenizer, template } = text();
    return createEngine({
      info,
      tokenizer,
      toolFormat: toolFormatOf(vocabulary.chatTemplate),
      texts: new TextThread({ tokenizer, template, context }, gguf),
      grammars: new GrammarCheck(tokenizer, gguf),
      decoder: model,
      queue,
      budget,
    });
  }
  return { message, openEngine, queue, budget };
}

/** Returns one model's share of the memory for keys and values. */
function memoryOf({ models, kvMemory, prefix }: Config): KvMemory {
  const cached = prefix.mode !== "off";
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
function adapterPath(model: ReturnType<typeof resolveModel>): string | URL {
  return "path" in model
    ? model.path.replace(/\.gguf$/, ".bita.safetensors")
    : new URL(`../../models/${model.id}/bita.safetensors`, import.meta.url);
}
