/**
 * Builds an ONNX graph node by node; weights go straight to their file.
 *
 * @module
 */

import protobuf from "protobufjs";
import type { WeightsFile } from "./weights_file.ts";

/** ONNX's numbers for the element types in use. */
const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7 };

/** ONNX's numbers for the attribute types in use. */
const ATTRIBUTE = { float: 1, int: 2 };

/** `data_location` of a tensor that lies outside the graph's own file. */
const EXTERNAL = 1;

/** What varies about a node. */
export interface NodeOptions {
  /** Empty for ONNX's own operators. */
  domain?: "com.microsoft";
  /** Output names; one that is free by default. */
  outputs?: string[];
  /** Whole numbers. */
  ints?: Record<string, number>;
  floats?: Record<string, number>;
}

/** An operator, as ONNX writes it down. */
interface NodeProto {
  /** Names of other operators' outputs, of weights and inputs. */
  input: string[];
  [field: string]: unknown;
}

/** A graph under construction. */
export class GraphBuilder {
  #weights: WeightsFile;
  #graph = {
    name: "main",
    node: [] as NodeProto[],
    initializer: [] as object[],
    input: [] as object[],
    output: [] as object[],
  };
  /** Whether what is added now belongs to a detour. */
  #onDetour = false;
  /** All that was added on detours. */
  #detours = new Set<object>();
  /** What a detour ends with → what it stands for. */
  #shortcuts = new Map<string, string>();

  constructor(weights: WeightsFile) {
    this.#weights = weights;
  }

  /** Declares an input; a dimension with a name may have any size. */
  input(
    name: string,
    type: keyof typeof ELEMENT,
    dims: (number | string)[],
  ): string {
    this.#add(this.#graph.input, valueInfo(name, type, dims));
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
      ...Object.entries(ints).map(([name, i]) => (
        { name, i, type: ATTRIBUTE.int }
      )),
      ...Object.entries(floats).map(([name, f]) => (
        { name, f, type: ATTRIBUTE.float }
      )),
    ];
    this.#add(this.#graph.node, {
      opType: op,
      name: outputs[0],
      domain,
      input: inputs,
      output: outputs,
      attribute,
    });
    return outputs[0];
  }

  /** Adds a constant tensor. */
  weight(name: string, dims: number[], data: Float32Array | Uint8Array) {
    const { offset, length } = this.#weights.append(data);
    this.#add(this.#graph.initializer, {
      name,
      dims,
      dataType: data instanceof Uint8Array ? ELEMENT.uint8 : ELEMENT.float32,
      dataLocation: EXTERNAL,
      externalData: [
        { key: "location", value: this.#weights.name },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(length) },
      ],
    });
    return name;
  }

  /**
   * Adds what `build` adds as a detour: what it returns takes the place of `outputs`,
   * one by one, unless the graph is encoded without detours.
   */
  detour(outputs: string[], build: () => string[]): string[] {
    this.#onDetour = true;
    const ends = build();
    this.#onDetour = false;
    for (const [i, end] of ends.entries()) this.#shortcuts.set(end, outputs[i]);
    return ends;
  }

  #add<T extends object>(list: T[], item: T): void {
    list.push(item);
    if (this.#onDetour) this.#detours.add(item);
  }

  /** Leaves the detours out. */
  #straight() {
    const { node, initializer, input, ...graph } = this.#graph;
    const stays = (item: object) => !this.#detours.has(item);
    return {
      ...graph,
      initializer: initializer.filter(stays),
      input: input.filter(stays),
      node: node.filter(stays).map((item) => ({
        ...item,
        input: item.input.map((name) => this.#shortcuts.get(name) ?? name),
      })),
    };
  }

  /** Serialises the graph, with its detours or without, as an ONNX model file. */
  async encode({ detours = true } = {}): Promise<Uint8Array> {
    const schema = await Deno.readTextFile(
      new URL("onnx.proto", import.meta.url),
    );
    const model = protobuf.parse(schema).root.lookupType("onnx.ModelProto");
    return model.encode(model.fromObject({
      irVersion: 10,
      producerName: "bita",
      opsetImport: [
        { domain: "", version: 21 },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: detours ? this.#graph : this.#straight(),
    })).finish();
  }
}

function valueInfo(
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
