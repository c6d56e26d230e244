/**
 * Prints how many MiB sessions of the same work keep: the first one, and seven more that
 * run after it.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { GraphBuilder } from "../../../models/graph/graph_builder.ts";
import { openGraph } from "../_native_graph.ts";

const MIB = 1 << 20;

/** Numbers that take 16 MiB. */
const COUNT = 4 * MIB;

/** Declares `y = |-x|`, of which `-x` takes memory of the session. */
function work(graph: GraphBuilder): void {
  const x = graph.input("x", "float32", ["count"]);
  graph.node("Abs", [graph.node("Neg", [x])], { outputs: ["y"] });
  graph.output("y", ["count"]);
}

const sessions = [];
for (let i = 0; i < 8; i++) sessions.push(await openGraph(work));
const [x, y] = [1, 2].map((value) =>
  new Tensor("float32", new Float32Array(COUNT).fill(value), [COUNT])
);
const samples = [Deno.memoryUsage().rss];
for (const session of sessions) {
  await session.run({ x }, { y });
  samples.push(Deno.memoryUsage().rss);
}
const [before, first] = samples;
const kept = [first - before, samples.at(-1)! - first];
console.log(JSON.stringify(kept.map((bytes) => Math.round(bytes / MIB))));
