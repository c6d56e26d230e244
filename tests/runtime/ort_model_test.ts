import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Backend } from "../../lib/runtime/backend.ts";
import { cpuBackend } from "../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import type { TimedWork } from "../../lib/runtime/turns.ts";
import { shareAll } from "../real_model.ts";
import { alone, copy, stepOf, tinyArtefact } from "./_tiny.ts";

/** Opens a tiny model on `backend`, with all of its bodies. */
async function openTiny(backend: Backend = cpuBackend(1)): Promise<OrtModel> {
  const model = await openModel(backend, ARTEFACT, { context: 64 });
  await shareAll(model);
  return model;
}

const ARTEFACT = await tinyArtefact("int8");

Deno.test("OrtModel.run() computes any number of steps as if each were alone", async () => {
  const model = await openTiny();
  assertEquals(model.shape.maxSequences, 16);
  for (let count = 1; count <= model.shape.maxSequences; count++) {
    const steps = Array.from(
      { length: count },
      (_, i) => stepOf(model, { seed: i, rows: 1 + (i * count) % 5 }),
    );
    const expected = await alone(model, steps);
    const outputs = await model.run(steps);
    assertEquals(copy(outputs), expected);
    for (const output of outputs) output.release();
    for (const { sequence } of steps) sequence.close();
  }
});

Deno.test("OrtModel.run() leaves the outputs of other passes as they are", async () => {
  const model = await openTiny();
  const steps = [3, 2, 4].map((rows, seed) => stepOf(model, { seed, rows }));
  const outputs = await model.run(steps);
  const before = copy(outputs);
  for (let seed = 10; seed < 13; seed++) {
    const [other] = await model.run([stepOf(model, { seed, rows: 4 })]);
    other.release();
  }
  assertEquals(copy(outputs), before);
  const [later] = await outputs[2].read([1]);
  assertEquals(later, before[2][1]);
  outputs[0].release();
  outputs[0].release(); // a second time changes nothing
  outputs[1].release();
  await alone(model, [stepOf(model, { seed: 20, rows: 9 })]);
  assertEquals(copy([outputs[2]])[0], before[2]);
});

Deno.test("OrtModel.run() takes released memory again", async () => {
  const model = await openTiny();
  const step = stepOf(model, { seed: 1, rows: 4 });
  const [first] = await model.run([step]);
  const [{ buffer }] = first.logits;
  first.release();
  const [second] = await model.run([step]);
  assert(second.logits[0].buffer === buffer);
});

Deno.test("OrtModel.run() reads all steps' rows at once", async () => {
  const model = await openTiny();
  const works: TimedWork[] = [];
  model.onWork = (work) => works.push(work);
  const steps = [3, 2, 4].map((rows, seed) => stepOf(model, { seed, rows }));
  steps[1].read = [];
  const outputs = await model.run(steps);
  assertEquals(outputs.map(({ logits }) => logits.length), [3, 0, 4]);
  await outputs[1].read([0, 1]);
  assertEquals(works.map(({ ms: _, ...work }) => work), [
    { part: "body", rows: 9, sequences: 3, prompts: 1 },
    { part: "head", rows: 7, sequences: 2 },
    { part: "head", rows: 2, sequences: 1 },
  ]);
  assert(works.every(({ ms }) => ms >= 0));
});

Deno.test("OrtModel.run() refuses more rows than a pass may have", async () => {
  const model = await openTiny();
  const steps = [64, 65].map((rows, seed) => stepOf(model, { seed, rows }));
  await assertRejects(
    () => model.run(steps),
    RangeError,
    "at most 128 rows are required: received 129",
  );
});

Deno.test("OrtModel.run() goes on after a failed pass", async () => {
  const backend = cpuBackend(1);
  let broken = false;
  const model = await openTiny({
    ...backend,
    async createSession(path, options) {
      const session = await backend.createSession(path, options);
      const run: typeof session.run = (...args) =>
        broken ? Promise.reject(new Error("broken")) : session.run(...args);
      return { run };
    },
  });
  const steps = [1, 2].map((rows, seed) => stepOf(model, { seed, rows }));
  const expected = await alone(model, steps);
  broken = true;
  await assertRejects(() => model.run(steps), Error, "broken");
  broken = false;
  assertEquals(copy(await model.run(steps)), expected);
});

Deno.test("OrtModel.open() makes room for the prompt, and for the text alone", async () => {
  const model = await openTiny();
  const room = (prompt: number, options?: { tokens: number }) => {
    const sequence = model.open(new Int32Array(prompt), options);
    const { dims } = sequence.kv.tensors[0];
    sequence.close();
    assertEquals(sequence.kv.tensors, [], "closed sequences hold nothing");
    return dims[2];
  };
  assertEquals(room(10), 138);
  assertEquals(room(64), 64 + model.shape.maxRows);
  assertEquals(room(4, { tokens: 8 }), 4 + 128);
  assertEquals(room(4, { tokens: 4 }), 4 + model.shape.maxRows);
});

Deno.test({
  name: "OrtModel.close() leaves no file open, and no library",
  sanitizeResources: true,
  async fn() {
    const model = await openModel(cpuBackend(1), ARTEFACT, { context: 64 });
    await alone(model, [stepOf(model, { seed: 1, rows: 2 })]);
    await model.close();
  },
});
