/**
 * Rewrites a graph for the GPU: with its weights as inputs, so that the device has them
 * once for all graphs, and with kernels that the processor does not have.
 *
 * @module
 */

import { ELEMENT, modelType, valueInfo } from "./graph_builder.ts";

/** Where a weight is in the weights file, in bytes, and its shape. */
export interface FileTensor {
  name: string;
  type: "float32" | "uint8";
  dims: number[];
  offset: number;
  length: number;
}

/** A graph, and its inputs that never change. */
export interface GpuGraph {
  model: Uint8Array;
  weights: FileTensor[];
}

interface Attribute {
  name: string;
  i?: number;
  f?: number;
  s?: Uint8Array;
  type: number;
}

interface Node {
  opType: string;
  name: string;
  domain?: string;
  input: string[];
  output: string[];
  attribute?: Attribute[];
}

interface Initializer {
  name: string;
  dims: number[];
  dataType: number;
  externalData?: { key: string; value: string }[];
}

interface Graph {
  node: Node[];
  initializer?: Initializer[];
  input: object[];
}

/**
 * Rewrites a model file.
 *
 * @param options.fuse whether to join gate, up and the function between them. Either
 * all graphs of a model do or none, as the kernel computes other bits.
 */
export async function gpuGraph(
  file: Uint8Array,
  { fuse }: { fuse: boolean },
): Promise<GpuGraph> {
  const type = await modelType();
  const model = type.toObject(type.decode(file), { longs: Number });
  const graph = model.graph as Graph;
  const weights: FileTensor[] = [];
  const kept: Initializer[] = [];
  for (const tensor of graph.initializer ?? []) {
    const weight = stored(tensor);
    if (!weight) kept.push(tensor);
    else {
      weights.push(weight);
      graph.input.push(valueInfo(weight.name, weight.type, weight.dims));
    }
  }
  graph.initializer = kept;
  if (fuse) graph.node = fused(graph.node);
  return { model: type.encode(type.fromObject(model)).finish(), weights };
}

/** Returns where an initializer is in the weights file, if it is in there. */
function stored(
  { name, dims, dataType, externalData }: Initializer,
): FileTensor | undefined {
  if (!externalData?.length) return undefined;
  const { offset, length } = Object.fromEntries(
    externalData.map(({ key, value }) => [key, Number(value)]),
  );
  const type = dataType === ELEMENT.uint8 ? "uint8" : "float32";
  return { name, type, dims, offset, length };
}

/** ONNX's number of the attribute type of texts. */
const TEXT = 3;

/**
 * Replaces `silu(x · gate) * (x · up)` by one node, whose kernel starts a dispatch less.
 */
function fused(nodes: readonly Node[]): Node[] {
  const makers = new Map(
    nodes.flatMap((node) => node.output.map((name) => [name, node])),
  );
  const gone = new Set<Node>();
  const all = nodes.map((node) => {
    if (node.opType !== "Mul") return node;
    const [silu, up] = node.input.map((name) => makers.get(name));
    const gate = silu?.opType === "QuickGelu"
      ? makers.get(silu.input[0])
      : undefined;
    if (gate?.opType !== "MatMulNBits" || up?.opType !== "MatMulNBits") {
      return node;
    }
    for (const part of [gate, up, silu!]) gone.add(part);
    const [x, ...gateWeights] = gate.input;
    const [, ...upWeights] = up.input;
    return {
      opType: "MatMulNBitsMlp",
      name: node.name,
      domain: "com.microsoft",
      input: [x, "", "", ...gateWeights, "", ...upWeights],
      output: node.output,
      attribute: [...gate.attribute!, {
        name: "activation",
        s: new TextEncoder().encode("silu"),
        type: TEXT,
      }],
    };
  });
  return all.filter((node) => !gone.has(node));
}
