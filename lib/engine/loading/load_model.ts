/**
 * Sets up what a prepared model is served with: queue and memory.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { PrefixSettings } from "../../prefix/open_prefix_cache.ts";
import type { OpenMessage } from "../../worker/messages.ts";
import { KvBudget, type KvMemory } from "../admission/kv_budget.ts";
import { Queue } from "../admission/queue.ts";
import { freeMemory } from "../../runtime/host/memory.ts";
import type { PreparedModel } from "./prepare_model.ts";

/** A model that a worker can open. */
export interface LoadedModel {
  /** What its worker needs. */
  message: Omit<OpenMessage, "type">;
  /** Bytes of its weights. */
  bytes: number;
  queue: Queue;
  budget: KvBudget;
  /** How often in a row an answer may write the same, if that is limited. */
  maxRepeats: number | undefined;
}

/** Sets up a model's queue and memory. */
export async function loadModel(
  { gguf, backend, artefact, text }: PreparedModel,
  { config, prefix }: { config: Config; prefix: PrefixSettings },
): Promise<LoadedModel> {
  const context = config.context ?? artefact.config.context;
  const budget = new KvBudget({
    ...artefact.config,
    softPrompt: artefact.adapter.softPrompt,
    context,
    answer: config.maxTokens,
  }, memoryOf(config));
  const message = {
    artefact,
    backend,
    // A GPU's passes are no work for this machine's processors.
    threads: backend === "webgpu" ? 1 : config.threads,
    context,
    parallel: config.parallel,
    path: gguf.path,
    prefix: { ...prefix, memoryBytes: budget.tierBytes },
    shared: await Promise.all(
      config.prefix.shared.map(async (path) => {
        const { template } = await text();
        return template.encodeSystem(await Deno.readTextFile(path));
      }),
    ),
  };
  const queue = new Queue({
    maxRunning: config.parallel,
    maxWaiting: config.queue,
    slots: budget.slots,
  });
  const { size: bytes } = await Deno.stat(`${artefact.folder}/weights.bin`);
  return { message, bytes, queue, budget, maxRepeats: config.maxRepeats };
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
