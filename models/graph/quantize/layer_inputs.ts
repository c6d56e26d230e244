/**
 * What goes into linears while a model reads some text, which tells how to smooth them
 * (`smoothed.ts`) and how to round their weights (`directions.ts`).
 *
 * The text is read layer by layer: a graph of one layer, in floats, computes all of the
 * text, and what comes out of it goes into the next. So no more than a layer is in memory,
 * right before it is quantised. Such a graph is a body with further outputs:
 *
 * ```text
 * stream [1, rows, dim]    what goes into the next layer
 * input.NAME [1, rows, K]  what goes into a linear
 * ```
 *
 * @module
 */

import type { ModelConfig } from "../../architectures/config.ts";
import { Embedding } from "../../embedding.ts";
import type { Gguf } from "../../gguf/reader.ts";
import { buildBody } from "../body.ts";
import type { GraphBuilder } from "../graph_builder.ts";
import { storeBody, type TensorReader } from "../model_weights.ts";
import { WeightsFile } from "../weights_file.ts";

/** What usually goes into a linear. */
export interface UsualInputs {
  /** How large the inputs usually are, `[K]`, in any unit. */
  sizes: Float32Array;
  /** Some rows of inputs, `[rows, K]`, each of length 1. */
  rows: Float32Array;
}

/**
 * The inputs of linears. They have the name of the linear, or of the first of those with
 * the same input.
 */
export type LayerInputs = ReadonlyMap<string, UsualInputs>;

/** Of how many rows one is kept. */
const KEPT = 4;

/** A layer that a text is read with. */
export interface ReadableLayer {
  /** Folder with its `body.onnx`. */
  folder: string;
  /** The dimensions of a model that has only this layer. */
  config: ModelConfig;
  /** How many inputs the linears have, by name. */
  sizes: ReadonlyMap<string, number>;
  /** What goes into the layer, `[tokens, dim]`; to be replaced by what comes out of it. */
  stream: Float32Array;
  /** Is to be called with all inputs of a linear, `[rows, K]` at a time. */
  look(name: string, inputs: Float32Array): void;
}

/** What conversions have some text read with. */
export interface Reading {
  /** Encodes the text. */
  tokens(): Promise<Int32Array>;
  /** Reads the text with a layer. */
  readLayer(layer: ReadableLayer): Promise<void>;
  /** Returns whether this processor clips sums, by the `clipping` graph in a folder. */
  clipsSums(folder: string): Promise<boolean>;
}

/** Name of the head's inputs, which are right after the last layer. */
const HEAD = "head";

/** What is read, and with what. */
interface ReaderOptions {
  gguf: Gguf;
  config: ModelConfig;
  /** Reads a tensor of the model. */
  read: TensorReader;
  reading: Reading;
  /** Folder for graphs of a layer, which are removed again. */
  folder: string;
}

/** A text that layers read one after the other. */
export class TextInLayers {
  readonly #options: ReaderOptions;
  readonly #stream: Float32Array;
  /** What the head reads after the last layer. */
  #head = new InputSample(0);

  private constructor(options: ReaderOptions, stream: Float32Array) {
    this.#options = options;
    this.#stream = stream;
  }

  /** Encodes the text and looks up its embeddings. */
  static async open(options: ReaderOptions): Promise<TextInLayers> {
    const { gguf, config, reading } = options;
    const { dim } = config;
    const tokens = await reading.tokens();
    const stream = new Float32Array(tokens.length * dim);
    const matrix = gguf.tensors.get("token_embd.weight")!;
    using embedding = Embedding.open({ config, embedding: matrix });
    for (const [i, token] of tokens.entries()) {
      embedding.lookUp(token, stream.subarray(i * dim, (i + 1) * dim));
    }
    return new TextInLayers(options, stream);
  }

  /** What goes into the head, once all layers have read the text. */
  get head(): UsualInputs {
    return this.#head.usual();
  }

  /** Has the next layer read the text; the first is 0. */
  async read(layer: number): Promise<LayerInputs> {
    const { config, read, reading, folder } = this.#options;
    const temporary = `${folder}/layer`;
    await Deno.mkdir(temporary);
    try {
      const alone = onlyLayer(config, layer);
      const sizes = await storeLayer(temporary, {
        config: alone,
        read: (name, range) =>
          read(name.replace(/^blk\.0\./, `blk.${layer}.`), range),
      });
      const seen = new Map(
        [...sizes].map(([name, size]) => [name, new InputSample(size)]),
      );
      await reading.readLayer({
        folder: temporary,
        config: alone,
        sizes,
        stream: this.#stream,
        look: (name, rows) => seen.get(name)!.add(rows),
      });
      this.#head = seen.get(HEAD)!;
      return new Map(
        [...seen].map(([name, sample]) => [
          name.replace(/^blk\.0\./, `blk.${layer}.`),
          sample.usual(),
        ]),
      );
    } finally {
      await Deno.remove(temporary, { recursive: true });
    }
  }
}

/**
 * The fourth powers of inputs, each as a share of its row: large values count for more
 * than in squares, as a row's largest one sets its step. And some of the rows.
 */
class InputSample {
  readonly #powers: Float64Array;
  readonly #rows: Float32Array[] = [];
  #seen = 0;

  constructor(size: number) {
    this.#powers = new Float64Array(size);
  }

  /** Adds rows, `[rows, K]`. */
  add(inputs: Float32Array): void {
    const size = this.#powers.length;
    for (let from = 0; from < inputs.length; from += size) {
      let squares = 0;
      for (let i = 0; i < size; i++) squares += inputs[from + i] ** 2;
      if (squares === 0) continue;
      for (let i = 0; i < size; i++) {
        this.#powers[i] += (inputs[from + i] ** 2 / squares) ** 2;
      }
      if (this.#seen++ % KEPT > 0) continue;
      const length = Math.sqrt(squares);
      const row = inputs.subarray(from, from + size);
      this.#rows.push(row.map((x) => x / length));
    }
  }

  usual(): UsualInputs {
    const sizes = Float32Array.from(this.#powers, (sum) => sum ** 0.25);
    const rows = new Float32Array(this.#rows.length * sizes.length);
    for (const [i, row] of this.#rows.entries()) rows.set(row, i * row.length);
    return { sizes, rows };
  }
}

/** Returns the dimensions of a model that has only one of the layers. */
function onlyLayer(config: ModelConfig, layer: number): ModelConfig {
  const { window, unrotated, ...rest } = config;
  const isRotated = unrotated === undefined || (layer + 1) % unrotated !== 0;
  return {
    ...rest,
    layers: 1,
    ...(window && { window: { ...window, layers: [window.layers[layer]] } }),
    ...(!isRotated && { unrotated: 1 }),
  };
}

/** Stores a model of one layer in floats; returns how many inputs its linears have. */
async function storeLayer(
  folder: string,
  { config, read }: Pick<ReaderOptions, "config" | "read">,
): Promise<Map<string, number>> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  await storeBody({ config, format: "fp32", weights, read });
  const graph = buildBody({ config, weights });
  graph.node("Identity", ["output_norm.residual"], { outputs: ["stream"] });
  graph.output("stream", [1, "rows", config.dim]);
  const sizes = addInputs(graph, config.dim);
  await Deno.writeFile(`${folder}/body.onnx`, await graph.encode());
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
  return sizes;
}

/** Adds the inputs of all linears as outputs; returns how many they are, by name. */
function addInputs(graph: GraphBuilder, dim: number): Map<string, number> {
  const inputs = new Map([["hidden", { name: HEAD, size: dim }]]);
  for (const [input, name] of graph.inputsOf("MatMul")) {
    if (inputs.has(input)) continue;
    inputs.set(input, { name, size: graph.weights.tensor(name).dims[0] });
  }
  for (const [input, { name, size }] of inputs) {
    graph.node("Identity", [input], { outputs: [`input.${name}`] });
    graph.output(`input.${name}`, [1, "rows", size]);
  }
  return new Map([...inputs.values()].map(({ name, size }) => [name, size]));
}
