/**
 * The default model for tests, downloaded and converted once into the cache that
 * `deno task start` uses too.
 *
 * @module
 */

import { assert } from "@std/assert";
import { availableParallelism, homedir } from "node:os";
import { parseConfig } from "../lib/config/config.ts";
import { openText } from "../lib/engine/loading/open_text.ts";
import { sampleTokens } from "../lib/engine/loading/sample.ts";
import type { BackendName } from "../lib/runtime/backend.ts";
import { openBackend, WEIGHTS } from "../lib/runtime/choose_backend.ts";
import { openModel } from "../lib/runtime/open_model.ts";
import type { OrtModel } from "../lib/runtime/ort_model.ts";
import { clipsSums } from "../lib/runtime/cpu/clips_sums.ts";
import { readLayer } from "../lib/runtime/cpu/read_layer.ts";
import type { Adapter } from "../models/adapter/adapter.ts";
import { type Artefact, openArtefact } from "../models/artefact.ts";
import { modelFile } from "../models/download/download.ts";
import { defaultProgress } from "../models/download/progress.ts";
import { type Gguf, openGguf } from "../models/gguf/reader.ts";
import type { WeightFormat } from "../models/graph/linear.ts";
import { resolveModel } from "../models/registry.ts";
import { isInvariant } from "./bita/_is_invariant.ts";

/** The configuration that a start without any settings has. */
export const CONFIG = parseConfig(Deno.env.toObject(), {
  processors: availableParallelism(),
  cacheHome: Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`,
});

/** The file of the adapter that the default model is served with. */
export const ADAPTER = new URL(
  "../models/smollm2-135m-instruct/bita.safetensors",
  import.meta.url,
);

/** Returns the weight format of a backend: the one that `WEIGHTS` names, or the usual one. */
export function formatOn(backend: BackendName): WeightFormat {
  const { weights } = CONFIG;
  return weights === "auto" ? WEIGHTS[backend] : weights;
}

/** Opens the default model's file. */
export async function realGguf(): Promise<Gguf> {
  const { cacheDir, models } = CONFIG;
  const progress = defaultProgress();
  return await openGguf(
    await modelFile(resolveModel(models[0]), { cacheDir, progress }),
  );
}

/** Opens the default model's graphs, with an adapter if its file is named. */
export async function realArtefact(
  format: WeightFormat,
  options: { adapter?: string | URL } = {},
): Promise<Artefact> {
  const { cacheDir, threads } = CONFIG;
  const progress = defaultProgress();
  const gguf = await realGguf();
  return await openArtefact(gguf, {
    ...options,
    cacheDir,
    format,
    progress,
    reading: {
      tokens: () => sampleTokens(openText(gguf.metadata)),
      readLayer: (layer) => readLayer(layer, { threads }),
      clipsSums,
    },
  });
}

/** Opens the default model, in the weight format of the backend or another. */
export async function openRealModel(
  backend: BackendName,
  options: { context?: number; format?: WeightFormat; adapter?: Adapter } = {},
): Promise<OrtModel> {
  const { context = 1024, format = formatOn(backend), adapter } = options;
  const { threads } = CONFIG;
  const artefact = await realArtefact(format);
  return await openModel(
    await openBackend(backend, { threads }),
    { ...artefact, adapter: adapter ?? artefact.adapter },
    { context },
  );
}

/** Opens the body for few rows, tested, and the bodies for several sequences, untested. */
export async function shareAll(model: OrtModel): Promise<void> {
  assert(await model.addFew(isInvariant));
  for (const size of model.batches) {
    await model.widen(size, () => Promise.resolve(true));
  }
}

/** A prompt of tests/prompts.jsonl, and its category. */
export interface TestPrompt {
  category: string;
  prompt: string;
}

/** Reads prompts, a JSON object a line. */
export function readPrompts(path: string | URL): TestPrompt[] {
  return Deno.readTextFileSync(path).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
}

/** The repository's own prompts. */
export const PROMPTS: TestPrompt[] = readPrompts(
  new URL("prompts.jsonl", import.meta.url),
);
