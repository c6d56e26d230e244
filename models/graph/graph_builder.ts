/**
 * Builds an ONNX graph node by node and writes its weights to a separate file.
 *
 * @module
 */

import protobuf from "protobufjs";
import type { Numbers, WeightsFile } from "./weights_file.ts";

/** ONNX's numbers of the element types in use. */
export const ELEMENT = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 };

/** ONNX's numbers of the attribute types in use. */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

/** `data_location` of a tensor in another file. */
const EXTERNAL = 1;

/** Options of {@linkcode GraphBuilder.node}. */
export interface NodeOptions {
  /** Domain of the operator; ONNX's own by default. */
  domain?: "com.microsoft";
  /** Output names; one unique name by default. */
  outputs?: string[];
  /** Attributes that are integers, or lists of them. */
  ints?: Record<string, number | readonly number[]>;
  /** Float attributes. */
  floats?: Record<string, number>;
}

/** A graph under construction; several graphs may share a weights file. */
export class GraphBuilder {
  /** The file of the constants. */
  readonly weights: WeightsFile;
  readonly #graph = {
    name: "main",
    node: [] as { opType: string; input: string[] }[],
    initializer: [] as { dataType: number }[],
    input: [] as object[],
    output: [] as object[],
  };

  readonly #stored = new Set<string>();

  constructor(weights: WeightsFile) {
    this.weights = weights;
  }

  /** Declares an input; a named dimension may have any size. */
  input(
    name: string,
    type: keyof typeof ELEMENT,
    dims: (number | string)[],
  ): string {
    this.#graph.input.push(valueInfo(name, type, dims));
    return name;
  }

  /** Declares that the tensor `name` is an output, in float32. */
  output(name: string, dims: (number | string)[]): void {
    this.#graph.output.push(valueInfo(name, "float32", dims));
  }

  /** Adds an operator and returns its first output's name. */
  node(op: string, inputs: string[], options: NodeOptions = {}): string {
    const { domain = "", ints = {}, floats = {} } = options;
    const outputs = options.outputs ?? [`${op}_${this.#graph.node.length}`];
    const attribute = [
      ...Object.entries(ints).map(([name, value]) =>
        typeof value === "number"
          ? { name, i: value, type: ATTRIBUTE.int }
          : { name, ints: value, type: ATTRIBUTE.ints }
      ),
      ...Object.entries(floats).map(([name, f]) => (
        { name, f, type: ATTRIBUTE.float }
      )),
    ];
    const node = {
      opType: op,
      name: outputs[0],
      domain,
      input: inputs,
      output: outputs,
      attribute,
    };
    this.#graph.node.push(node);
    return outputs[0];
  }

  /** Lists the inputs of each node of an operator. */
  inputsOf(op: string): readonly string[][] {
    return this.#graph.node.filter(({ opType }) => opType === op)
      .map(({ input }) => input);
  }

  /** Stores a constant tensor and adds it to the graph. */
  weight(
    name: string,
    dims: number[],
    data: Numbers,
  ): string {
    this.weights.add(name, dims, data);
    return this.stored(name);
  }

  /**
   * Adds a stored constant tensor to the graph.
   *
   * @throws {TypeError} if the weights file has none of this name.
   */
  stored(name: string): string {
    if (this.#stored.has(name)) return name;
    this.#stored.add(name);
    const { type, dims, offset, length } = this.weights.tensor(name);
    const tensor = {
      name,
      dims,
      dataType: ELEMENT[type],
      dataLocation: EXTERNAL,
      externalData: [
        { key: "location", value: this.weights.name },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(length) },
      ],
    };
    this.#graph.initializer.push(tensor);
    return name;
  }

  /** Adds a short list of whole numbers, such as a shape. */
  constant(values: readonly number[]): string {
    const name = `int64(${values.join()})`;
    if (this.#stored.has(name)) return name;
    this.#stored.add(name);
    const tensor = {
      name,
      dims: [values.length],
      dataType: ELEMENT.int64,
      int64Data: values,
    };
    this.#graph.initializer.push(tensor);
    return name;
  }

  /**
   * Serialises the graph as an ONNX model file.
   *
   * @param options.unsigned whether it is for weights whose signed bytes have become
   * unsigned ones since they were stored.
   */
  async encode({ unsigned = false } = {}): Promise<Uint8Array> {
    const model = await modelType();
    const initializer = this.#graph.initializer.map((tensor) =>
      unsigned && tensor.dataType === ELEMENT.int8
        ? { ...tensor, dataType: ELEMENT.uint8 }
        : tensor
    );
    return model.encode(model.fromObject({
      irVersion: 10,
      producerName: "bita",
      opsetImport: [
        { domain: "", version: 21 },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: { ...this.#graph, initializer },
    })).finish();
  }
}

/** Returns the type of model files, for those that graphs are read from or written to. */
export async function modelType(): Promise<protobuf.Type> {
  const schema = await Deno.readTextFile(
    new URL("onnx.proto", import.meta.url),
  );
  return protobuf.parse(schema).root.lookupType("onnx.ModelProto");
}

/** Describes a tensor that goes into a graph or comes out of it. */
export function valueInfo(
  name: string,
  type: keyof typeof ELEMENT,
  dims: (number | string)[],
): object {
  const dim = dims.map((size) => (
    typeof size === "number" ? { dimValue: size } : { dimParam: size }
  ));
  return {
    name,
    type: { tensorType: { elemType: ELEMENT[type], shape: { dim } } },
  };
}
