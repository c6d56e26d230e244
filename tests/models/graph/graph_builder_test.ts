import {
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { Tensor } from "onnxruntime-node";
import { GraphBuilder } from "../../../models/graph/graph_builder.ts";
import { WeightsFile } from "../../../models/graph/weights_file.ts";
import { compute } from "./_compute.ts";

/** Returns a column of numbers, `[rows, 1]`. */
function column(...numbers: number[]): Tensor {
  return new Tensor("float32", Float32Array.from(numbers), [numbers.length, 1]);
}

Deno.test("GraphBuilder builds graphs that ONNX Runtime can run", async () => {
  const { sum } = await compute((graph) => {
    const x = graph.input("x", "float32", ["rows", 1]);
    const ten = graph.weight("ten", [1], Float32Array.of(10));
    const one = graph.weight("one", [1], Float32Array.of(1));
    const product = graph.node("Mul", [x, ten]);
    graph.node("Add", [product, one], { outputs: ["sum"] });
    graph.output("sum", ["rows", 1]);
  }, { x: column(1, 2, 3) });
  assertEquals(sum.dims, [3, 1]);
  assertEquals([...sum.data as Float32Array], [11, 21, 31]);
});

Deno.test("GraphBuilder.node() sets integer and float attributes", async () => {
  const { y } = await compute((graph) => {
    const x = graph.input("x", "float32", ["rows", 1]);
    const bent = graph.node("LeakyRelu", [x], { floats: { alpha: 0.25 } });
    graph.node("Concat", [bent, x], { outputs: ["y"], ints: { axis: 1 } });
    graph.output("y", ["rows", 2]);
  }, { x: column(-4, 8) });
  assertEquals(y.dims, [2, 2]);
  assertEquals([...y.data as Float32Array], [-1, -4, 8, 8]);
});

Deno.test("GraphBuilder.node() supports Microsoft's operators and omitted inputs", async () => {
  const { y } = await compute((graph) => {
    const x = graph.input("x", "float32", ["rows", 1]);
    const swish = graph.node("QuickGelu", [x], {
      domain: "com.microsoft",
      floats: { alpha: 1 },
    });
    const top = graph.weight("top", [], Float32Array.of(2));
    graph.node("Clip", [swish, "", top], { outputs: ["y"] });
    graph.output("y", ["rows", 1]);
  }, { x: column(1, 9) });
  const [one, nine] = y.data as Float32Array;
  assertAlmostEquals(one, 1 / (1 + Math.exp(-1)), 1e-6);
  assertEquals(nine, 2);
});

Deno.test("GraphBuilder.weight() stores bytes as bytes", async () => {
  const { y } = await compute((graph) => {
    const bytes = graph.weight("bytes", [2], Uint8Array.of(7, 255));
    const x = graph.input("x", "float32", ["rows", 1]);
    const scale = graph.weight("scale", [], Float32Array.of(0.5));
    const real = graph.node("DequantizeLinear", [bytes, scale]);
    graph.node("Add", [x, real], { outputs: ["y"] });
    graph.output("y", ["rows", 2]);
  }, { x: column(1) });
  assertEquals([...y.data as Float32Array], [4.5, 128.5]);
});

Deno.test("GraphBuilder.node() has unique output names", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    const graph = new GraphBuilder(weights);
    const x = graph.input("x", "float32", [1]);
    assertNotEquals(graph.node("Neg", [x]), graph.node("Neg", [x]));
    assertEquals(graph.node("Neg", [x], { outputs: ["y", "z"] }), "y");
  }
  await Deno.remove(path);
});

Deno.test("GraphBuilder.stored() shares weights between graphs", async () => {
  const path = await Deno.makeTempFile();
  {
    using weights = new WeightsFile(path);
    const [one, two] = [new GraphBuilder(weights), new GraphBuilder(weights)];
    one.weight("w", [2], Float32Array.of(1, 2));
    assertEquals(two.stored("w"), "w");
    assertThrows(() => two.stored("v"), TypeError, 'received "v"');
  }
  assertEquals((await Deno.stat(path)).size, 8);
  await Deno.remove(path);
});
