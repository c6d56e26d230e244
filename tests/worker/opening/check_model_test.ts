import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  addFew,
  checkModel,
  widenPasses,
} from "../../../lib/worker/opening/check_model.ts";
import { alone, copy, stepOf } from "../../runtime/_tiny.ts";
import { openTiny, UNSHARED } from "./_open_tiny.ts";

/** A proof that is known from the start, or not. */
function proofThat(known: boolean) {
  return {
    known,
    isKnown() {
      return Promise.resolve(this.known);
    },
    note() {
      return Promise.resolve(void (this.known = true));
    },
    forget() {
      return Promise.resolve(void (this.known = false));
    },
  };
}

const SAMPLES = () =>
  Promise.resolve({
    body: [[2, 1], [8, 2]] as const,
    head: [[2, 1], [8, 2]] as const,
  });

Deno.test("checkModel() notes a test that is passed, and no other", async () => {
  for (const rows of [Infinity, 32]) {
    const { model } = await openTiny({ rows });
    const proof = proofThat(false);
    using check = await checkModel(model, { samples: SAMPLES, proof });
    assertEquals([check.invariant, proof.known], [rows > 32, rows > 32]);
    await model.close();
  }
});

Deno.test("checkModel() trusts a test that was passed, and repeats it later", async () => {
  const { model, events } = await openTiny();
  const proof = proofThat(true);
  using check = await checkModel(model, { samples: SAMPLES, proof });
  assertEquals([check.invariant, events], [true, []]);
  await check.confirm();
  assert(events.length > 0);
  await widenPasses(model, check, () => {});
  assertEquals([model.shape.maxSequences, proof.known], [16, true]);
  await model.close();
});

Deno.test("a test that is not passed any more is forgotten", async () => {
  const { model } = await openTiny({ rows: 32 });
  const proof = proofThat(true);
  using check = await checkModel(model, { samples: SAMPLES, proof });
  await assertRejects(
    () => check.confirm(),
    Error,
    "the same bits as at an earlier start are required",
  );
  assertEquals(proof.known, false);
  await model.close();
});

Deno.test("addFew() has passes of few rows computed by a body of their own", async () => {
  const { model, ran } = await openTiny({ context: 1024 });
  using check = await checkModel(model);
  await addFew(model, check);
  const sequence = model.open(new Int32Array(1));
  const cases = [
    [0, 1, "body-folded"],
    [0, 2, "body"],
    [800, 4, "body-folded"],
    [800, 5, "body"],
  ] as const;
  for (const [length, rows, body] of cases) {
    sequence.length = length;
    ran.length = 0;
    copy(await model.run([stepOf(model, { seed: 1, rows, sequence })]));
    assertEquals(ran, [body, "head"], `${rows} rows after ${length}`);
  }
  await model.close();
});

Deno.test("addFew() has a single row computed twice if it is wrong alone", async () => {
  for (const [least, rows] of [[1, 1], [2, 2]]) {
    const { model, widths } = await openTiny({ least });
    using check = await checkModel(model, { samples: SAMPLES });
    await addFew(model, check);
    widths.length = 0;
    copy(await model.run([stepOf(model, { seed: 1, rows: 1 })]));
    assertEquals(widths, [rows, rows]);
    await model.close();
  }
});

Deno.test("addFew() has a body for single rows alone where heads share no keys", async () => {
  for (const [least, single] of [[1, "body-folded"], [2, "body"]] as const) {
    const { model, ran } = await openTiny({ least, artefact: UNSHARED });
    using check = await checkModel(model, { samples: SAMPLES });
    await addFew(model, check);
    for (const rows of [1, 2]) {
      ran.length = 0;
      copy(await model.run([stepOf(model, { seed: 1, rows })]));
      assertEquals(ran, [rows === 1 ? single : "body", "head"]);
    }
    await model.close();
  }
});

Deno.test("addFew() never uses a body that is wrong", async () => {
  const { model, ran } = await openTiny({ wrong: "" });
  using check = await checkModel(model);
  await assertRejects(
    () => addFew(model, check),
    Error,
    "the same bits as in other passes are required",
  );
  ran.length = 0;
  copy(await model.run([stepOf(model, { seed: 1, rows: 2 })]));
  assertEquals(ran, ["body", "head"]);
  await model.close();
});

Deno.test("widenPasses() lets more and more sequences share a pass", async () => {
  const { model, opened } = await openTiny();
  using check = await checkModel(model);
  assert(check.invariant);
  assertEquals([model.shape.maxSequences, model.shape.maxRows], [1, 64]);
  assertEquals(opened, ["body", "head"]);

  const sizes: number[] = [];
  await widenPasses(model, check, (size) => {
    sizes.push(size);
    assertEquals(model.shape.maxSequences, size);
  });
  assertEquals(sizes, [2, 4, 8, 16]);
  assertEquals(model.shape.maxRows, 128);
  assert(check.cost.body(16, 16) !== check.cost.body(16), "it is timed");
  await model.close();
});

Deno.test("widenPasses() opens no body for more texts than run at once", async () => {
  for (const [parallel, expected] of [[1, []], [3, [2, 4]]] as const) {
    const { model, opened } = await openTiny({ parallel });
    using check = await checkModel(model, { samples: SAMPLES });
    const sizes: number[] = [];
    await widenPasses(model, check, (size) => sizes.push(size));
    assertEquals(sizes, [...expected]);
    assertEquals(opened.length, 2 + expected.length);
    await model.close();
  }
});

Deno.test("widenPasses() never uses a body that is wrong, or a larger one", async () => {
  const { model, opened } = await openTiny({ wrong: "-4" });
  using check = await checkModel(model);
  const sizes: number[] = [];
  await assertRejects(
    () => widenPasses(model, check, (size) => sizes.push(size)),
    Error,
    "Cannot share passes of 4 sequences: the same bits as alone are required",
  );
  assertEquals(sizes, [2]);
  assertEquals(model.shape.maxSequences, 2);
  assertEquals(opened, ["body", "head", "body-folded-2", "body-folded-4"]);
  const steps = [3, 2, 4].map((rows, seed) => stepOf(model, { seed, rows }));
  const expected = await alone(model, steps);
  assertEquals(copy(await model.run(steps)), expected);
  await model.close();
});

Deno.test("OrtModel.widen() leaves others' passes as they are until its test is passed", async () => {
  const { model } = await openTiny({ wrong: "-2" });
  const steps = [3, 2].map((rows, seed) => stepOf(model, { seed, rows }));
  const expected = await alone(model, steps);
  const isUsed = await model.widen(2, async (wider) => {
    assertEquals(wider.shape.maxSequences, 2);
    assert(copy(await wider.run(steps))[0][0][0] !== expected[0][0][0]);
    assertEquals(copy(await model.run(steps)), expected);
    return false;
  });
  assertEquals(isUsed, false);
  assertEquals(copy(await model.run(steps)), expected);
  await model.close();
});

Deno.test("OrtModel.close() ends what runs and refuses the rest", async () => {
  const { model, events } = await openTiny();
  const step = stepOf(model, { seed: 1, rows: 4 });
  const running = model.run([{ ...step, read: [] }]);
  while (events.length === 0) await Promise.resolve();
  const widening = assertRejects(
    () => model.widen(2, async (wider) => !!await wider.run([step])),
    Error,
    "Cannot run the model: it must be open",
  );
  await model.close();
  assertEquals(events, ["begin", "end", "close"]);
  await running;
  await widening;
  for (const run of [() => model.run([step]), () => model.widen(2, never)]) {
    await assertRejects(run, Error, "Cannot run the model: it must be open");
  }
});

function never(): Promise<boolean> {
  throw new Error("Cannot test a body: none must open");
}
