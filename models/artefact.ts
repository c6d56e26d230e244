/**
 * Converts a GGUF file and its adapter into ONNX graphs and caches them on disk.
 *
 * The cache has one folder for each model, weight format and adapter that changes the
 * graphs. A conversion writes to a `.partial` folder, under a `.lock` against other
 * processes. The folder gets its final name after everything in it is on the disk, so a
 * folder with that name is complete.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Adapter, openAdapter, UNTRAINED } from "./adapter/adapter.ts";
import { type ModelConfig, modelConfig } from "./architectures/config.ts";
import { divided } from "./architectures/rotary.ts";
import {
  LONG_FACTORS,
  ROPE_FACTORS,
  SHORT_FACTORS,
} from "./architectures/tensors.ts";
import { knownDigest } from "./download/trust.ts";
import type { Progress } from "./download/progress.ts";
import { dequantize } from "./gguf/dequantize.ts";
import type { Gguf, StoredTensor } from "./gguf/reader.ts";
import type { GraphBuilder } from "./graph/graph_builder.ts";
import { buildHydra } from "./graph/hydra.ts";
import type { Matrix, WeightFormat } from "./graph/linear.ts";
import { buildBody, buildHead } from "./graph/body.ts";
import {
  headName,
  type ModelWeights,
  storeModel,
} from "./graph/model_weights.ts";
import { WeightsFile } from "./graph/weights_file.ts";

/** Increased whenever the same file would be converted to different graphs. */
export const CONVERTER_VERSION = 7;

/**
 * Batch sizes, in sequences, that get a body graph of their own. More sizes would save
 * some percent of a pass, but each graph takes a third of a second to open.
 */
export const BATCHES = [2, 4, 8, 16];

/** A converted model as plain data, which can be posted to a worker. */
export interface Artefact {
  /**
   * Folder with `body.onnx`, `head.onnx` and `weights.bin`. It also has
   * `body-masks.onnx`, the body for steps with mask rows, if the adapter updates
   * linears, and `hydra.onnx` if the adapter has a Hydra head.
   */
  folder: string;
  format: WeightFormat;
  config: ModelConfig;
  /** SHA-256 of the GGUF file, or of the digests of its parts, in hex. */
  digest: string;
  adapter: Adapter;
  /** The packed embedding in the GGUF file. */
  embedding: StoredTensor;
}

/** Options of {@linkcode openArtefact}. */
export interface ArtefactOptions {
  /** Folder of all caches; graphs are stored in its `graphs/`. */
  cacheDir: string;
  format: WeightFormat;
  progress: Progress;
  /** Path of an adapter; a missing file means {@linkcode UNTRAINED}. */
  adapter?: string | URL;
  /** Called before a conversion, which does not begin if it throws. */
  beforeConversion?: () => void;
}

/** Returns a model's graphs, after converting the file if the cache has none. */
export async function openArtefact(
  gguf: Gguf,
  { adapter: adapterPath, beforeConversion, ...options }: ArtefactOptions,
): Promise<Artefact> {
  const { cacheDir, format, progress } = options;
  const config = await readConfig(gguf);
  const digest = await modelDigest(gguf.paths);
  const adapter = adapterPath === undefined
    ? UNTRAINED
    : await openAdapter(adapterPath, { config, digest });
  const graphs = `${cacheDir}/graphs`;
  const name = [
    digest.slice(0, 16),
    format,
    `v${CONVERTER_VERSION}`,
    ...(changesGraphs(adapter) ? [adapter.digest.slice(0, 16)] : []),
  ].join("-");
  const folder = `${graphs}/${name}`;
  if (!await exists(folder)) {
    beforeConversion?.();
    await Deno.mkdir(graphs, { recursive: true });
    using lock = await Deno.open(`${folder}.lock`, {
      write: true,
      create: true,
    });
    await lock.lock(true);
    if (!await exists(folder)) {
      const partial = `${folder}.partial`;
      await Deno.remove(partial, { recursive: true }).catch(() => {});
      await Deno.mkdir(partial);
      await convert(gguf, {
        config,
        format,
        progress,
        adapter,
        folder: partial,
      });
      await Deno.rename(partial, folder);
    }
  }
  const embedding = gguf.tensors.get("token_embd.weight")!;
  return {
    folder,
    format,
    config,
    digest,
    adapter,
    embedding,
  };
}

/** Reads a model's dimensions, with the divisors of its angles. */
async function readConfig(gguf: Gguf): Promise<ModelConfig> {
  const config = modelConfig(gguf.metadata, gguf.tensors);
  const divisors = async (name: string) => (await readMatrix(gguf, name)).data;
  if (gguf.tensors.has(ROPE_FACTORS)) {
    config.rotary = divided(config.rotary, await divisors(ROPE_FACTORS));
  }
  if (config.longRotary) {
    config.rotary = divided(config.rotary, await divisors(SHORT_FACTORS));
    config.longRotary = divided(
      config.longRotary,
      await divisors(LONG_FACTORS),
    );
  }
  return config;
}

async function modelDigest(paths: readonly string[]): Promise<string> {
  const digests = await Promise.all(paths.map(knownDigest));
  if (digests.length === 1) return digests[0];
  return createHash("sha256").update(digests.join()).digest("hex");
}

/** Returns whether the graphs depend on the adapter. */
function changesGraphs({ updates, hydra }: Adapter): boolean {
  return updates.length > 0 || hydra !== undefined;
}

async function convert(
  gguf: Gguf,
  { config, format, progress, adapter, folder }: {
    config: ModelConfig;
    format: WeightFormat;
    progress: Progress;
    adapter: Adapter;
    folder: string;
  },
): Promise<void> {
  const { updates, hydra } = adapter;
  let total = 0;
  for (const { name, byteLength } of gguf.tensors.values()) {
    const read = config.tiedHead || name !== "token_embd.weight";
    if (read) total += byteLength;
    if (hydra && name === headName(config)) total += byteLength;
  }
  progress.start(`Converting to ${format}`, { total, done: 0 });
  try {
    using weights = new WeightsFile(`${folder}/weights.bin`);
    const parts: ModelWeights = {
      config,
      format,
      weights,
      async read(name) {
        const matrix = await readMatrix(gguf, name);
        progress.advance(gguf.tensors.get(name)!.byteLength);
        return matrix;
      },
    };
    await storeModel(parts);
    const save = async (name: string, graph: GraphBuilder) =>
      await writeDurably(`${folder}/${name}.onnx`, await graph.encode());
    const body = { config, weights, tapped: hydra?.layers ?? [] };
    await save("head", buildHead(body));
    await save("body", buildBody(body));
    for (const sequences of BATCHES) {
      await save(`body-${sequences}`, buildBody({ ...body, sequences }));
    }
    if (updates.length > 0) {
      await save("body-masks", buildBody({ ...body, updates }));
    }
    if (hydra) await save("hydra", await buildHydra(hydra, parts));
    const directory = new TextEncoder().encode(weights.directory());
    await writeDurably(`${folder}/weights.json`, directory);
  } finally {
    progress.stop();
  }
}

/** Reads a tensor and dequantises it. */
async function readMatrix(gguf: Gguf, name: string): Promise<Matrix> {
  const { type, shape: [rows, columns = 1] } = gguf.tensors.get(name)!;
  return { rows, columns, data: dequantize(type, await gguf.read(name)) };
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes);
  using file = await Deno.open(path);
  await file.sync();
}

async function exists(folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(folder)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
