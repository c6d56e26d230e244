import { assertEquals, assertRejects } from "@std/assert";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { ToyModel, type ToySequence } from "../../toy/model.ts";

const PROMPT = Int32Array.of(4, 5, 6, 7, 8, 9);

/** Reads a prompt into a sequence, in parts of `maxRows` rows. */
async function read(
  model: ToyModel,
  { prompt = PROMPT, sequence = model.open(prompt) } = {},
): Promise<ToySequence> {
  await prefill(new Scheduler(model), sequence, { prompt });
  return sequence;
}

const rowsOf = ({ steps }: ToySequence) =>
  steps.map(({ tokens }) => [...tokens]);

Deno.test("prefill() reads all but the last token", async () => {
  const model = new ToyModel({ maxRows: 2, softPrompt: 3 });
  const sequence = await read(model);
  assertEquals(sequence.length, 3 + 5);
  assertEquals(rowsOf(sequence), [[4, 5], [6, 7], [8]]);
});

Deno.test("prefill() stores the same keys and values in any number of parts", async () => {
  const kept: number[][][] = [];
  for (let maxRows = 1; maxRows <= 6; maxRows++) {
    const model = new ToyModel({ maxRows, perturb: true });
    kept.push((await read(model)).keysAndValues(5));
  }
  for (const other of kept) assertEquals(other, kept[0]);
});

Deno.test("prefill() continues after the tokens in the sequence", async () => {
  const model = new ToyModel({ maxRows: 2, softPrompt: 3 });
  const whole = await read(model);
  const sequence = model.open(PROMPT);
  sequence.writeKv(4, await whole.readKv(4, { from: 3 }), { from: 3 });
  sequence.length = 3 + 4;
  await read(model, { sequence });
  assertEquals(sequence.length, 3 + 5);
  assertEquals(rowsOf(sequence), [[8]]);
  assertEquals(sequence.keysAndValues(5), whole.keysAndValues(5));
});

Deno.test("prefill() does nothing for one token", async () => {
  const model = new ToyModel({ softPrompt: 0 });
  const sequence = await read(model, { prompt: PROMPT.subarray(0, 1) });
  assertEquals([sequence.length, sequence.steps], [0, []]);
});

Deno.test("prefill() stops between parts when aborted and keeps the finished ones", async () => {
  const model = new ToyModel({ maxRows: 2, softPrompt: 3 });
  const sequence = model.open(PROMPT);
  const controller = new AbortController();
  const compute = sequence.compute.bind(sequence);
  sequence.compute = (step) => {
    controller.abort(new Error("client left"));
    return compute(step);
  };
  const { signal } = controller;
  await assertRejects(
    () => prefill(new Scheduler(model), sequence, { prompt: PROMPT, signal }),
    Error,
    "client left",
  );
  assertEquals([sequence.length, sequence.steps.length], [3 + 2, 1]);
});
