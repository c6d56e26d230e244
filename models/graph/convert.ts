/**
 * Converts a model's file and adapter into ONNX graphs with a common file of weights.
 *
 * @module
 */

import type { Adapter } from "../adapter/adapter.ts";
import type { ModelConfig } from "../architectures/config.ts";
import { BATCHES } from "../batches.ts";
import type { Progress } from "../download/progress.ts";
import { type Gguf, readMatrix } from "../gguf/reader.ts";
import { buildBody, buildHead } from "./body.ts";
import type { GraphBuilder } from "./graph_builder.ts";
import { buildHydra } from "./hydra.ts";
import type { WeightFormat } from "./linear.ts";
import {
  headName,
  storeBody,
  storeHead,
  type TensorReader,
} from "./model_weights.ts";
import { type Reading, TextInLayers } from "./quantize/layer_inputs.ts";
import { buildClipping } from "./quantize/whole_numbers.ts";
import { WeightsFile } from "./weights_file.ts";

/** What the files are made of, and where. */
export interface ConvertOptions {
  config: ModelConfig;
  format: WeightFormat;
  progress: Progress;
  adapter: Adapter;
  /** An empty folder. */
  folder: string;
  /** What some text is read with, which `w8a8` requires. */
  reading?: Reading | undefined;
}

/**
 * Writes the graphs and weights of a model; they are on the disk then.
 *
 * @throws {TypeError} if the format requires a text to be read.
 */
export async function convert(
  gguf: Gguf,
  { config, format, progress, adapter, folder, reading }: ConvertOptions,
): Promise<void> {
  const { updates, hydra } = adapter;
  const isSmoothed = format === "w8a8";
  if (isSmoothed && !reading) {
    throw new TypeError(
      "Cannot convert to w8a8: what some text is read with is required: received nothing",
    );
  }
  const shown = new FileProgress(progress);
  for (const { name, byteLength } of gguf.tensors.values()) {
    const isHead = name === headName(config);
    let times = config.tiedHead || name !== "token_embd.weight" ? 1 : 0;
    if (hydra && isHead) times++;
    // Smoothed, linears are read to measure them first, in models of one layer.
    if (isSmoothed && name.startsWith("blk.")) times++;
    if (isSmoothed && name.startsWith("output_norm.")) times += config.layers;
    shown.expect(byteLength, times);
  }
  shown.start(`Converting to ${format}`);
  const read: TensorReader = async (name, range) => {
    const matrix = await readMatrix(gguf, name, range);
    const { byteLength, shape } = gguf.tensors.get(name)!;
    shown.advance(byteLength * matrix.rows / shape[0]);
    return matrix;
  };
  try {
    using weights = new WeightsFile(`${folder}/weights.bin`);
    let signed = isSmoothed;
    if (isSmoothed) {
      const clipping = await buildClipping(weights).encode();
      await writeDurably(`${folder}/clipping.onnx`, clipping);
      signed = !await reading!.clipsSums(folder);
      if (!signed) weights.storeUnsigned();
    }
    const isFourBits = format === "int4" &&
      gguf.tensors.get(headName(config))!.type === "Q4_0";
    const headBits = isFourBits ? 4 : 8;
    const parts = { config, format, headBits, weights, read } as const;
    const text = isSmoothed
      ? await TextInLayers.open({
        gguf,
        config,
        read,
        folder,
        reading: reading!,
      })
      : undefined;
    await storeBody(parts, text && ((layer) => text.read(layer)));
    await storeHead(parts, text?.head);
    const save = async (name: string, graph: GraphBuilder) => {
      await writeDurably(`${folder}/${name}.onnx`, await graph.encode());
      if (!signed) return;
      const bytes = await graph.encode({ unsigned: true });
      await writeDurably(`${folder}/unsigned-${name}.onnx`, bytes);
    };
    const body = { config, weights, tapped: hydra?.layers ?? [] };
    await save("head", buildHead(body));
    await save("body", buildBody(body));
    const folded = { ...body, folded: true };
    const folds = config.heads > config.kvHeads;
    await save("body-folded", buildBody(folded));
    for (const sequences of BATCHES) {
      await save(`body-${sequences}`, buildBody({ ...body, sequences }));
      if (!folds) continue;
      const graph = buildBody({ ...folded, sequences });
      await save(`body-folded-${sequences}`, graph);
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

/** Shows a file's bytes by the share that is done of all reading, some of it repeated. */
class FileProgress {
  readonly #progress: Progress;
  #total = 0;
  #shown = 0;
  #reading = 0;
  #read = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** Adds bytes that are to be read so many times. */
  expect(bytes: number, times: number): void {
    if (times > 0) this.#total += bytes;
    this.#reading += bytes * times;
  }

  start(label: string): void {
    this.#progress.start(label, { total: this.#total, done: 0 });
  }

  /** Adds bytes that have been read. */
  advance(bytes: number): void {
    this.#read += bytes;
    const done = Math.round(this.#total * this.#read / this.#reading);
    this.#progress.advance(done - this.#shown);
    this.#shown = done;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes);
  using file = await Deno.open(path);
  await file.sync();
}
