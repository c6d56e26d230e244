import { assert, assertEquals, assertThrows } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { mapFile } from "../../../lib/runtime/cpu/map_file.ts";
import { NativeTensors } from "../../../lib/runtime/cpu/native_tensors.ts";
import { openOnnxCApi } from "../../../lib/runtime/cpu/onnx_c_api.ts";
import { openSharedWeights } from "../../../lib/runtime/cpu/shared_weights.ts";
import { GraphBuilder } from "../../../models/graph/graph_builder.ts";
import { linear, storeLinear } from "../../../models/graph/linear.ts";
import { WeightsFile } from "../../../models/graph/weights_file.ts";
import { openFile } from "../_native_graph.ts";

const SIZE = 64;

/** Writes graphs that multiply by one stored matrix, and by its square. */
async function writeGraphs(folder: string, size = SIZE): Promise<void> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 3; // three times the unit
  const matrix = { rows: size, columns: size, data };
  storeLinear(weights, "w", { matrix, format: "int8" });
  for (const [name, times] of [["once", 1], ["twice", 2]] as const) {
    const graph = new GraphBuilder(weights);
    let y = graph.input("x", "float32", ["rows", size]);
    for (let i = 0; i < times; i++) y = linear(graph, y, "w");
    graph.node("Identity", [y], { outputs: ["y"] });
    graph.output("y", ["rows", size]);
    await Deno.writeFile(`${folder}/${name}.onnx`, await graph.encode());
  }
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
}

Deno.test("openSharedWeights() lends one copy to several sessions", async () => {
  const folder = await Deno.makeTempDir();
  await writeGraphs(folder);
  const api = openOnnxCApi();
  const weights = await openSharedWeights(folder, {
    api,
    tensors: new NativeTensors(api),
    clipsSums: () => Promise.reject(new Error("no bytes here are signed")),
  });
  const sessions = await Promise.all(
    ["once", "twice"].map((name) =>
      weights.lend(() => openFile(`${folder}/${name}.onnx`, { weights }))
    ),
  );
  await Deno.remove(folder, { recursive: true });
  const rows = (number: number) =>
    new Tensor("float32", new Float32Array(2 * SIZE).fill(number), [2, SIZE]);
  for (const [i, expected] of [6, 18].entries()) {
    const { y } = await sessions[i].run({ x: rows(2) }, { y: rows(0) });
    assertEquals(y.data[0], expected);
    assertEquals(y.data[2 * SIZE - 1], expected);
  }
});

Deno.test("Backend.close() leaves no memory behind", async () => {
  const folder = await Deno.makeTempDir();
  const size = 2048, rounds = 20;
  await writeGraphs(folder, size);
  const vector = () => new Tensor("float32", new Float32Array(size), [1, size]);
  const round = async () => {
    const backend = cpuBackend(2);
    for (const name of ["once", "twice"]) {
      const session = await backend.createSession(`${folder}/${name}.onnx`);
      await session.run({ x: vector() }, { y: vector() });
    }
    await backend.close();
  };
  for (let i = 0; i < 3; i++) await round();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < rounds; i++) await round();
  const grown = Deno.memoryUsage().rss - before;
  await Deno.remove(folder, { recursive: true });
  const matrices = grown / size ** 2; // a byte a weight
  assert(matrices < rounds / 2, `${matrices} of ${rounds} are still there`);
});

Deno.test("mapFile() shows a file's bytes, also once its pages are dropped", async () => {
  const path = await Deno.makeTempFile();
  const expected = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
  await Deno.writeFile(path, expected);
  const { bytes, drop, close } = mapFile(path);
  await Deno.remove(path);
  assertEquals(bytes, expected);
  drop();
  assertEquals(bytes, expected);
  close();
});

Deno.test("mapFile() forgets changes, which the file never sees", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
  const { bytes, drop, close } = mapFile(path, { writable: true });
  bytes[1] = 9;
  assertEquals([...Deno.readFileSync(path)], [1, 2, 3]);
  assertEquals([...bytes], [1, 9, 3]);
  const isGone = drop();
  assertEquals(isGone, Deno.build.os === "linux");
  assertEquals([...bytes], isGone ? [1, 2, 3] : [1, 9, 3]);
  close();
  await Deno.remove(path);
});

/** Writes signed bytes: a matrix of one row, and a list. */
async function writeBytes(folder: string): Promise<void> {
  using weights = new WeightsFile(`${folder}/weights.bin`);
  const row = Int8Array.from({ length: SIZE }, (_, i) => i - 32);
  weights.add("row", [1, SIZE], row);
  weights.add("last", [SIZE - 1], row.subarray(1));
  await Deno.writeTextFile(`${folder}/weights.json`, weights.directory());
}

Deno.test("openSharedWeights() has bytes unsigned while any session is opened", async () => {
  const folder = await Deno.makeTempDir();
  await writeBytes(folder);
  const api = openOnnxCApi();
  const lists: { type: string; bytes: Uint8Array }[] = [];
  const tensors = Object.assign(new NativeTensors(api), {
    value({ type, data }: { type: string; data: Uint8Array }) {
      lists.push({ type, bytes: data });
      return null;
    },
    release() {},
  });
  const weights = await openSharedWeights(folder, {
    api,
    tensors,
    clipsSums: () => Promise.resolve(true),
  });
  const expected = Array.from({ length: SIZE }, (_, i) => i - 32 + 128);
  const [row, last] = lists;
  assertEquals([row.type, last.type], ["uint8", "uint8"]);
  for (let round = 0; round < 2; round++) {
    const first = Promise.withResolvers<void>();
    const slow = weights.lend(() => first.promise);
    await weights.lend(() => Promise.resolve());
    assertEquals([...row.bytes], expected);
    first.resolve();
    await slow;
    if (Deno.build.os === "linux") {
      assert(row.bytes[0] > 128, "the pages are the file's again");
    }
    // What is no matrix is read in each run.
    assertEquals([...last.bytes], expected.slice(1));
  }
  assertEquals(weights.graphPath("/a/body.onnx"), "/a/unsigned-body.onnx");
  weights.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("mapFile() says which file is not there", () => {
  assertThrows(() => mapFile("/nowhere/weights.bin"), Error, "/nowhere");
});
