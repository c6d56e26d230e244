import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Tensor } from "onnxruntime-node";
import { uniform } from "../../../lib/bita/choose/random.ts";
import type { Update } from "../../../models/adapter/adapter.ts";
import { Updates } from "../../../models/graph/updates.ts";
import { compute } from "./_compute.ts";

const INPUTS = 3;
const OUTPUTS = 4;
const RANK = 2;
const FIRST_LAYER = 5;

/** Draws numbers from -1 to 1. */
function numbers(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 2 * uniform(seed, i) - 1);
}

/** An update of two layers. */
const UPDATE: Update = {
  linear: "ffn_gate_up",
  firstLayer: FIRST_LAYER,
  rank: RANK,
  inputs: INPUTS,
  outputs: OUTPUTS,
  a: numbers(1, 2 * RANK * INPUTS),
  b: numbers(2, 2 * OUTPUTS * RANK),
};

/** Returns the `OUTPUTS` numbers of B · A · x in a layer. */
function change(x: Float32Array, layer: number): number[] {
  const at = layer - FIRST_LAYER;
  const a = UPDATE.a.subarray(at * RANK * INPUTS);
  const b = UPDATE.b.subarray(at * OUTPUTS * RANK);
  return Array.from({ length: OUTPUTS }, (_, out) => {
    let sum = 0;
    for (let r = 0; r < RANK; r++) {
      for (let i = 0; i < INPUTS; i++) {
        sum += b[out * RANK + r] * a[r * INPUTS + i] * x[i];
      }
    }
    return sum;
  });
}

Deno.test("Updates change only mask rows, in both matrices of a linear", async () => {
  const layer = FIRST_LAYER + 1;
  const x = numbers(3, 2 * INPUTS), gate = numbers(4, 4), up = numbers(5, 4);
  const half = [1, 2, OUTPUTS / 2];
  const outputs = await compute((graph) => {
    const names = ["x", "gate_of_mlp", "up"];
    graph.input("x", "float32", [1, 2, INPUTS]);
    for (const name of names.slice(1)) graph.input(name, "float32", half);
    const updated = new Updates(graph, [UPDATE])
      .apply("x", names.slice(1), { linear: "ffn_gate_up", layer });
    for (const [i, name] of updated.entries()) {
      graph.node("Identity", [name], { outputs: [`out${i}`] });
      graph.output(`out${i}`, half);
    }
  }, {
    x: new Tensor("float32", x, [1, 2, INPUTS]),
    gate_of_mlp: new Tensor("float32", gate, half),
    up: new Tensor("float32", up, half),
    gate: new Tensor("float32", Float32Array.of(0, 1), [1, 2, 1]),
  });
  const found = [outputs.out0, outputs.out1].map((
    { data },
  ) => [...data as Float32Array]);
  assertEquals(found[0].slice(0, 2), [...gate.subarray(0, 2)]);
  assertEquals(found[1].slice(0, 2), [...up.subarray(0, 2)]);
  const added = change(x.subarray(INPUTS), layer);
  const expected = [...gate.subarray(2), ...up.subarray(2)]
    .map((y, i) => y + added[i]);
  for (const [i, y] of [...found[0].slice(2), ...found[1].slice(2)].entries()) {
    assertAlmostEquals(y, expected[i], 1e-6);
  }
});

Deno.test("Updates do not change other layers and linears", async () => {
  await compute((graph) => {
    graph.input("x", "float32", [1, 1, INPUTS]);
    const updates = new Updates(graph, [UPDATE]);
    const apply = (linear: Update["linear"], layer: number) =>
      updates.apply("x", ["y"], { linear, layer });
    assertEquals(apply("ffn_gate_up", FIRST_LAYER - 1), ["y"]);
    assertEquals(apply("ffn_down", FIRST_LAYER), ["y"]);
    assertEquals(
      new Updates(graph, []).apply("x", ["y"], {
        linear: "ffn_gate_up",
        layer: FIRST_LAYER,
      }),
      ["y"],
    );
    graph.node("Identity", ["gate"], { outputs: ["out"] });
    graph.output("out", [1, 1, 1]);
  }, {
    x: new Tensor("float32", new Float32Array(INPUTS), [1, 1, INPUTS]),
    gate: new Tensor("float32", Float32Array.of(1), [1, 1, 1]),
  });
});
