/**
 * How large the inputs of a model's linears become while it reads some text, which tells
 * how to smooth them (`smoothed.ts`). A body in blocks of 8 bits is converted for that
 * alone, with further outputs:
 *
 * ```text
 * largest.NAME [1, 1, K]   of all rows, the largest share of the row's largest value
 * ```
 *
 * @module
 */

import type { ModelConfig } from "../../architectures/config.ts";
import type { Gguf, StoredTensor } from "../../gguf/reader.ts";
import { buildBody } from "../body.ts";
import type { GraphBuilder } from "../graph_builder.ts";
import { headName, storeBody, type TensorReader } from "../model_weights.ts";
import { WeightsFile } from "../weights_file.ts";
import { BLOCK } from "./blocks.ts";

/**
 * The largest values of a linear's inputs, `[K]`, as shares of the largest in a row. They
 * have the name of the linear, or of the first of those with the same input.
 */
export type LargestInputs = ReadonlyMap<string, Float32Array>;

/** A body that tells how large the inputs of its linears are. */
export interface MeasurableBody {
  /** Folder with its `body.onnx`. */
  folder: string;
  config: ModelConfig;
  /** The packed embedding in the GGUF file. */
  embedding: StoredTensor;
  /** How many inputs the linears have, by name. */
  sizes: ReadonlyMap<string, number>;
}

/**
 * Has a body read some text and returns what it tells. `onShare` is called with each share
 * of the text that was read; they add up to 1.
 */
export type ReadText = (
  body: MeasurableBody,
  onShare: (share: number) => void,
) => Promise<LargestInputs>;

/** What is measured, and where. */
interface MeasureOptions {
  gguf: Gguf;
  config: ModelConfig;
  read: TensorReader;
  /** An existing folder, which is left as it is. */
  folder: string;
  readText: ReadText | undefined;
}

/**
 * Measures the inputs of a model's linears.
 *
 * @throws {TypeError} if there is nothing that reads text.
 */
export async function measureInputs(
  { gguf, config, read, folder, readText }: MeasureOptions,
  onShare: (share: number) => void,
): Promise<LargestInputs> {
  if (!readText) {
    throw new TypeError(
      "Cannot convert to w8a8: what reads text is required: received nothing",
    );
  }
  const temporary = `${folder}/measured`;
  await Deno.mkdir(temporary);
  try {
    const sizes = await storeMeasurable(temporary, { config, read });
    const embedding = gguf.tensors.get("token_embd.weight")!;
    const body = { folder: temporary, config, embedding, sizes };
    return await readText(body, onShare);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** Stores a body in blocks of 8 bits; returns how many inputs its linears have. */
async function storeMeasurable(
  folder: string,
  { config, read }: Pick<MeasureOptions, "config" | "read">,
): Promise<Map<string, number>> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  await storeBody({ config, format: "int8", weights, read });
  const graph = buildBody({ config, weights });
  const inputs = [
    ...linearInputs(graph),
    { name: headName(config), input: "hidden", size: config.dim },
  ];
  for (const input of inputs) addLargest(graph, input);
  await Deno.writeFile(`${folder}/body.onnx`, await graph.encode());
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
  return new Map(inputs.map(({ name, size }) => [name, size]));
}

/** The inputs of linears, which have the name of the first of these. */
interface LinearInput {
  name: string;
  /** As in the graph. */
  input: string;
  /** How many they are. */
  size: number;
}

/** Lists the inputs of linears in blocks. */
function linearInputs(graph: GraphBuilder): LinearInput[] {
  const inputs = new Map<string, LinearInput>();
  for (const [input, bytes] of graph.inputsOf("MatMulNBits")) {
    if (inputs.has(input)) continue;
    const name = bytes.replace(/\.bytes$/, "");
    const size = graph.weights.tensor(bytes).dims[1] * BLOCK;
    inputs.set(input, { name, input, size });
  }
  return [...inputs.values()];
}

/** Adds the output that tells how large inputs are. */
function addLargest(
  graph: GraphBuilder,
  { name, input, size }: LinearInput,
): void {
  const values = graph.node("Abs", [input]);
  const largest = graph.node("ReduceMax", [values, graph.constant([-1])]);
  const shares = graph.node("Div", [values, largest]);
  const output = `largest.${name}`;
  graph.node("ReduceMax", [shares, graph.constant([1])], {
    outputs: [output],
  });
  graph.output(output, [1, 1, size]);
}
