import { assertEquals } from "@std/assert";
import { gpuGraph } from "../../../models/graph/gpu_graph.ts";
import {
  GraphBuilder,
  modelType,
} from "../../../models/graph/graph_builder.ts";
import { linear, storeLinear } from "../../../models/graph/linear.ts";
import { WeightsFile } from "../../../models/graph/weights_file.ts";

/** A feed-forward network; with an update, something is added to the gate. */
async function network(
  format: "int8" | "fp32",
  { updated = false }: { updated?: boolean } = {},
): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir();
  using weights = new WeightsFile(`${folder}/weights.bin`);
  const graph = new GraphBuilder(weights);
  const x = graph.input("x", "float32", [1, "rows", 32]);
  const matrix = { rows: 32, columns: 32, data: new Float32Array(1024) };
  for (const name of ["gate", "up", "down"]) {
    storeLinear(weights, name, { matrix, format });
  }
  const gate = linear(graph, x, "gate");
  const up = linear(graph, x, "up");
  const sum = updated ? graph.node("Add", [gate, x]) : gate;
  const silu = graph.node("QuickGelu", [sum], {
    domain: "com.microsoft",
    floats: { alpha: 1 },
  });
  const product = graph.node("Mul", [silu, up]);
  const down = linear(graph, product, "down");
  const shape = graph.constant([0, -1]);
  graph.node("Reshape", [down, shape], { outputs: ["y"] });
  graph.output("y", [1, "all"]);
  const bytes = await graph.encode();
  await Deno.remove(folder, { recursive: true });
  return bytes;
}

/** Rewrites a network, and lists its operators and inputs. */
async function rewritten(file: Uint8Array, fuse: boolean) {
  const { model, weights } = await gpuGraph(file, { fuse });
  const type = await modelType();
  const { graph } = type.toObject(type.decode(model), { longs: Number });
  return {
    weights,
    node: graph.node,
    operators: graph.node.map(({ opType }: { opType: string }) => opType),
    inputs: graph.input.map(({ name }: { name: string }) => name),
    initializers: graph.initializer.map(({ name }: { name: string }) => name),
  };
}

Deno.test("gpuGraph() makes inputs of stored weights, and keeps constants", async () => {
  const { weights, inputs, initializers } = await rewritten(
    await network("int8"),
    true,
  );
  const names = ["gate", "up", "down"]
    .flatMap((name) => [`${name}.bytes`, `${name}.scales`]);
  assertEquals(inputs, ["x", ...names]);
  assertEquals(initializers, ["int64(0,-1)"]);
  assertEquals(weights.slice(0, 3), [
    {
      name: names[0],
      type: "uint8",
      dims: [32, 1, 32],
      offset: 0,
      length: 1024,
    },
    { name: names[1], type: "float32", dims: [32], offset: 4096, length: 128 },
    {
      name: names[2],
      type: "uint8",
      dims: [32, 1, 32],
      offset: 8192,
      length: 1024,
    },
  ]);
});

Deno.test("gpuGraph() joins gate, up and the function between them", async () => {
  const file = await network("int8");
  const { operators, node: [mlp] } = await rewritten(file, true);
  assertEquals(operators, ["MatMulNBitsMlp", "MatMulNBits", "Reshape"]);
  assertEquals(mlp.input, [
    "x",
    "",
    "",
    "gate.bytes",
    "gate.scales",
    "",
    "up.bytes",
    "up.scales",
  ]);
  const attributes = mlp.attribute.map(({ name }: { name: string }) => name);
  assertEquals(attributes, [
    "K",
    "N",
    "bits",
    "block_size",
    "accuracy_level",
    "activation",
  ]);
});

Deno.test("gpuGraph() leaves a gate alone that is updated, in floats, or to be left", async () => {
  const updated = await network("int8", { updated: true });
  const floats = await network("fp32");
  const plain = await network("int8");
  const left = [[updated, true], [floats, true], [plain, false]] as const;
  for (const [file, fuse] of left) {
    const { operators } = await rewritten(file, fuse);
    assertEquals(operators.includes("QuickGelu"), true);
    assertEquals(operators.includes("MatMulNBitsMlp"), false);
  }
});
