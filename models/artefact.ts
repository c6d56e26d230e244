/**
 * Converts a GGUF file and its adapter into ONNX graphs and caches them on disk.
 *
 * The cache has one folder for each model, weight format and adapter that changes the
 * graphs. A conversion writes to a `.partial` folder, under a `.lock` against other
 * processes. Graphs that are in a store are fetched instead (`models/graph_store.ts`).
 * The folder gets its final name after everything in it is on the disk, so a folder with
 * that name is complete.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  type Adapter,
  openAdapter,
  UNTRAINED,
  withoutWeights,
} from "./adapter/adapter.ts";
import { type ModelConfig, modelConfig } from "./architectures/config.ts";
import { divided, type Rotary } from "./architectures/rotary.ts";
import {
  LONG_FACTORS,
  ROPE_FACTORS,
  SHORT_FACTORS,
} from "./architectures/tensors.ts";
import { knownDigest } from "./download/trust.ts";
import type { Progress } from "./download/progress.ts";
import { type Gguf, readMatrix, type StoredTensor } from "./gguf/reader.ts";
import type { ConvertOptions } from "./graph/convert.ts";
import type { WeightFormat } from "./graph/linear.ts";
import type { Reading } from "./graph/quantize/layer_inputs.ts";

/** Increased whenever the same file would be converted to different graphs. */
export const CONVERTER_VERSION = 14;

/** A converted model as plain data, which can be posted to a worker. */
export interface Artefact {
  /**
   * Folder with `body.onnx`, `body-folded.onnx` for few rows, others for several
   * sequences, `head.onnx` and `weights.bin`. It also has `body-masks.onnx`, the body for
   * steps with mask rows, if the adapter updates linears, and `hydra.onnx` if the adapter
   * has a Hydra head. Where weights are signed bytes, each graph has another one for
   * unsigned bytes beside it, as `unsigned-body.onnx`, and `clipping.onnx` shows whether
   * that is needed (`graph/quantize/whole_numbers.ts`).
   */
  folder: string;
  format: WeightFormat;
  config: ModelConfig;
  /** SHA-256 of the GGUF file, or of the digests of its parts, in hex. */
  digest: string;
  /** Without the weights that the graphs have. */
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
  /** Address of folders of graphs, which are fetched rather than made. */
  graphsUrl?: string | undefined;
  /** Path of an adapter; a missing file means {@linkcode UNTRAINED}. */
  adapter?: string | URL;
  /** What some text is read with, which a conversion to `w8a8` requires. */
  reading?: Reading;
  /** Called before a conversion, which does not begin if it throws. */
  beforeConversion?: () => Promise<unknown>;
}

/** Returns a model's graphs, after converting the file if the cache has none. */
export async function openArtefact(
  gguf: Gguf,
  { adapter: adapterPath, beforeConversion, ...options }: ArtefactOptions,
): Promise<Artefact> {
  const { cacheDir, format, progress, graphsUrl, reading } = options;
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
    await beforeConversion?.();
    await Deno.mkdir(graphs, { recursive: true });
    using lock = await Deno.open(`${folder}.lock`, {
      write: true,
      create: true,
    });
    await lock.lock(true);
    if (!await exists(folder)) {
      const url = graphsUrl && `${graphsUrl}/${name}`;
      const how = { config, format, progress, adapter, reading };
      await make(gguf, { ...how, folder, url });
    }
  }
  const embedding = gguf.tensors.get("token_embd.weight")!;
  return {
    folder,
    format,
    config,
    digest,
    adapter: withoutWeights(adapter),
    embedding,
  };
}

/** Makes a folder of graphs: fetches it from a store, or converts the file. */
async function make(
  gguf: Gguf,
  { folder, url, ...options }: Omit<ConvertOptions, "folder"> & {
    folder: string;
    url: string | undefined;
  },
): Promise<void> {
  // These are imported when they are needed, since starts without are the usual ones.
  const store = url && await import("./graph_store.ts");
  if (store && await store.fetchGraphs(url, { folder, ...options })) return;
  const partial = `${folder}.partial`;
  await Deno.remove(partial, { recursive: true }).catch(() => {});
  await Deno.mkdir(partial);
  const { convert } = await import("./graph/convert.ts");
  try {
    await convert(gguf, { ...options, folder: partial });
    await Deno.rename(partial, folder);
  } catch (error) {
    await Deno.remove(partial, { recursive: true }).catch(() => {});
    throw error;
  }
  if (store) await store.forgetFetched(folder);
}

/** Reads a model's dimensions, with the divisors of its angles. */
async function readConfig(gguf: Gguf): Promise<ModelConfig> {
  const config = modelConfig(gguf.metadata, gguf.tensors);
  const dividedBy = async <R extends Rotary>(rotary: R, name: string) =>
    divided(rotary, (await readMatrix(gguf, name)).data, name);
  if (gguf.tensors.has(ROPE_FACTORS)) {
    config.rotary = await dividedBy(config.rotary, ROPE_FACTORS);
  }
  if (config.longRotary) {
    config.rotary = await dividedBy(config.rotary, SHORT_FACTORS);
    config.longRotary = await dividedBy(config.longRotary, LONG_FACTORS);
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

async function exists(folder: string): Promise<boolean> {
  try {
    return (await Deno.stat(folder)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
