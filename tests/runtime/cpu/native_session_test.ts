import { assert, assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { Tensor } from "onnxruntime-common";
import type { KvBuffer, Session } from "../../../lib/runtime/backend.ts";
import { growingKvBuffer } from "../../../lib/runtime/kv/growing_kv_buffer.ts";
import { openRealModel } from "../../real_model.ts";
import {
  attention,
  countTensors,
  hardWork,
  line,
  openFile,
  openGraph,
} from "../_native_graph.ts";

const RUNS = 10;
const PAUSE_MS = 20;

Deno.test("openNativeSession() lets its threads sleep between runs", async () => {
  const model = await openRealModel("cpu", { context: 64 });
  const sequence = model.open(Int32Array.of(1));
  let busyMs = 0;
  for (let start = 0; start < RUNS; start++) {
    const tokens = Int32Array.of(1), parents = Int32Array.of(-1);
    await model.run([{ sequence, start, tokens, parents, read: [] }]);
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const { user, system } = process.cpuUsage(before); // microseconds
    busyMs += (user + system) / 1000;
  }
  sequence.close();
  assert(busyMs < RUNS * PAUSE_MS / 4, `busy for ${busyMs} ms`);
});

/** A column of numbers, `[rows, 1]`. */
function column(...numbers: number[]): Tensor {
  return new Tensor("float32", Float32Array.from(numbers), [numbers.length, 1]);
}

Deno.test("openNativeSession() says which file is not there", async () => {
  await assertRejects(
    () => openFile("/nowhere/body.onnx"),
    Error,
    "/nowhere/body.onnx failed",
  );
});

Deno.test("openNativeSession() says that a file is broken", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "not a graph");
  await assertRejects(() => openFile(path), Error, "Protobuf parsing failed");
  await Deno.remove(path);
});

Deno.test("Session.run() computes into the memory that it is given", async () => {
  const session = await openGraph(line);
  const memory = new Float32Array(5).fill(-1);
  const y = new Tensor("float32", memory.subarray(1, 4), [3, 1]);
  const outputs = await session.run({ x: column(1, 2, 3) }, { y });
  assertEquals([...memory], [-1, 11, 21, 31, -1]);
  assertEquals(outputs.y, y);
});

Deno.test("Session.run() computes many things at once, each for its caller", async () => {
  const session = await openGraph(line);
  const results = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) => session.run({ x: column(i) }, { y: column(0) }),
    ),
  );
  assertEquals(
    results.map(({ y }) => y.data[0]),
    Array.from({ length: 20 }, (_, i) => 10 * i + 1),
  );
});

/** One head, eight numbers wide. */
const HEAD = { layers: 1, kvHeads: 1, headDim: 8 };

/** Makes a KV buffer of six slots for one head. */
function kvBuffer() {
  return growingKvBuffer(HEAD, { slots: 6, most: 6, inPlace: true });
}

/** Rows that hold one number eight times, `[1, rows, 8]`. */
function rows(...numbers: number[]): Tensor {
  const data = Float32Array.from(numbers.flatMap((n) => new Array(8).fill(n)));
  return new Tensor("float32", data, [1, numbers.length, 8]);
}

/** Attends with rows as keys, and ten times as values; returns a KV buffer's. */
async function attend(
  session: Session,
  kv: KvBuffer,
  { total, numbers }: { total: number; numbers: number[] },
): Promise<number[][]> {
  await session.run(
    {
      query: rows(...numbers),
      key: rows(...numbers),
      value: rows(...numbers.map((n) => 10 * n)),
      seqlens_k: new Tensor("int32", Int32Array.of(total - 1), [1]),
      total: new Tensor("int32", Int32Array.of(total), []),
    },
    { attended: rows(...numbers) },
    [kv],
  );
  return kv.tensors.map(({ data }) =>
    [...data as Float32Array].filter((_, i) => i % 8 === 7)
  );
}

Deno.test("Session.run() writes new rows of a KV buffer and keeps the others", async () => {
  const session = await openGraph(attention);
  const kv = kvBuffer();
  const read = (total: number, ...numbers: number[]) =>
    attend(session, kv, { total, numbers });
  assertEquals(await read(2, 1, 2), [
    [1, 2, 0, 0, 0, 0],
    [10, 20, 0, 0, 0, 0],
  ]);
  assertEquals(await read(5, 3, 4, 5), [
    [1, 2, 3, 4, 5, 0],
    [10, 20, 30, 40, 50, 0],
  ]);
});

Deno.test("Session.run() makes the values of a KV buffer once", async () => {
  const { api, alive } = countTensors();
  const session = await openGraph(attention, { api });
  const [one, two] = [kvBuffer(), kvBuffer()];
  for (const total of [2, 4, 6]) {
    await attend(session, one, { total, numbers: [total - 1, total] });
    assertEquals(alive(), 2);
  }
  const [keys] = await attend(session, two, { total: 2, numbers: [7, 8] });
  assertEquals(alive(), 4);
  assertEquals(keys, [7, 8, 0, 0, 0, 0]);
  assertEquals(
    [...one.tensors[0].data as Float32Array].filter((_, i) => i % 8 === 7),
    [1, 2, 3, 4, 5, 6],
  );
});

Deno.test("Session.run() follows a KV buffer that has moved", async () => {
  const session = await openGraph(attention);
  const room = { slots: 2, most: 8, inPlace: true };
  const kv = growingKvBuffer(HEAD, room);
  await attend(session, kv, { total: 2, numbers: [1, 2] });
  kv.reserve(4);
  const [keys] = await attend(session, kv, { total: 4, numbers: [3, 4] });
  assertEquals(keys, [1, 2, 3, 4]);
});

/** Zeros, `[rows, columns]`, in memory of their own. */
function zeros(rows: number, columns: number): Tensor {
  const data = new Float32Array(rows * columns);
  return new Tensor("float32", data, [rows, columns]);
}

/** Feeds, fetches, and what the library says of them. */
const MISTAKES: [string, Tensor, string, Tensor, string][] = [
  ["z", zeros(2, 1), "y", zeros(2, 1), "Invalid input name: z"],
  ["x", zeros(1, 2), "y", zeros(1, 1), "Got: 2 Expected: 1"],
  ["x", zeros(2, 1), "z", zeros(2, 1), "Invalid output name: z"],
  ["x", zeros(2, 1), "y", zeros(1, 1), "has shape {1,1}"],
];

Deno.test("Session.run() refuses wrong names and shapes, then works on", async () => {
  const { api, alive } = countTensors();
  const session = await openGraph(line, { api });
  for (const [input, x, output, y, words] of MISTAKES) {
    const run = () => session.run({ [input]: x }, { [output]: y });
    await assertRejects(run, Error, words);
    assertEquals(alive(), 0);
  }
  const { y } = await session.run({ x: column(4) }, { y: column(0) });
  assertEquals(y.data[0], 41);
  assertEquals(alive(), 0);
});

Deno.test("Session.run() loses no memory in 2,000 mistakes", async () => {
  const session = await openGraph(line);
  const mistake = () => {
    const z = zeros(1e5, 1);
    (z.data as Float32Array).fill(1); // memory counts once it is written
    return session.run({ z }, { y: zeros(1, 1) });
  };
  await assertRejects(mistake);
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 2_000; i++) await assertRejects(mistake);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 200e6, `${grown} of 800 million bytes are still there`);
});

Deno.test("Session.run() leaves the event loop free", async () => {
  const session = await openGraph(hardWork);
  const matrix = () =>
    new Tensor("float32", new Float32Array(640 * 640), [640, 640]);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  await session.run({ x: matrix() }, { y: matrix() });
  clearInterval(timer);
  assert(ticks >= 5, `${ticks} ticks of a timer`);
});

Deno.test("Session.run() of a brief session is done when it returns", async () => {
  const session = await openGraph(hardWork, { brief: true });
  const matrix = (number: number) =>
    new Tensor("float32", new Float32Array(640 * 640).fill(number), [640, 640]);
  const y = matrix(0);
  const running = session.run({ x: matrix(1) }, { y });
  assert(y.data[0] as number < 0);
  assertEquals((await running).y, y);
});
