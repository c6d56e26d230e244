import { assertEquals, assertRejects } from "@std/assert";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { ToyModel } from "../../toy/model.ts";

const PROMPT = Int32Array.of(4, 5, 6, 7, 8, 9);

Deno.test("prefill() reads all but the last token, in blocks", async () => {
  const model = new ToyModel({ maxRows: 2, prompts: 3 });
  const sequence = model.open(PROMPT);
  assertEquals(await prefill(sequence, PROMPT, { model }), 3 + 5);
  assertEquals(sequence.passes.map(({ tokens }) => [...tokens]), [
    [4, 5],
    [6, 7],
    [8],
  ]);
});

Deno.test("prefill() lets others in after 64 rows", async () => {
  const model = new ToyModel({ maxRows: 128, context: 200 });
  const prompt = new Int32Array(150);
  const sequence = model.open(prompt);
  await prefill(sequence, prompt, { model });
  const rows = sequence.passes.map(({ tokens }) => tokens.length);
  assertEquals(rows, [64, 64, 21]);
});

Deno.test("prefill() leaves the same keys and values in any block size", async () => {
  const kept: number[][][] = [];
  for (let maxRows = 1; maxRows <= 6; maxRows++) {
    const model = new ToyModel({ maxRows, perturb: true });
    const sequence = model.open(PROMPT);
    await prefill(sequence, PROMPT, { model });
    kept.push(sequence.keysAndValues(5));
  }
  for (const other of kept) assertEquals(other, kept[0]);
});

Deno.test("prefill() begins behind what the sequence knows", async () => {
  const model = new ToyModel({ maxRows: 2, prompts: 3 });
  const whole = model.open(PROMPT);
  await prefill(whole, PROMPT, { model });
  const sequence = Object.assign(model.open(PROMPT), { known: 4 });
  sequence.writeKv(4, await whole.readKv(4, { from: 3 }), { from: 3 });
  assertEquals(await prefill(sequence, PROMPT, { model }), 3 + 5);
  assertEquals(sequence.passes.map(({ tokens }) => [...tokens]), [[8]]);
  assertEquals(sequence.keysAndValues(5), whole.keysAndValues(5));
});

Deno.test("prefill() reads as many rows a pass as the model says", async () => {
  const toy = new ToyModel({ prompts: 3 });
  const sequence = toy.open(PROMPT);
  const model = Object.assign(toy, { prefillRows: 3 });
  await prefill(sequence, PROMPT, { model });
  assertEquals(sequence.passes.map(({ tokens }) => tokens.length), [3, 2]);
});

Deno.test("prefill() has nothing to do for one token", async () => {
  const model = new ToyModel({ prompts: 0 });
  const sequence = model.open(PROMPT.subarray(0, 1));
  assertEquals(await prefill(sequence, PROMPT.subarray(0, 1), { model }), 0);
  assertEquals(sequence.passes, []);
});

Deno.test("prefill() stops between blocks when aborted", async () => {
  const model = new ToyModel({ maxRows: 2 });
  const sequence = model.open(PROMPT);
  const controller = new AbortController();
  const forward = sequence.forward.bind(sequence);
  sequence.forward = (pass) => {
    controller.abort(new Error("client left"));
    return forward(pass);
  };
  await assertRejects(
    () => prefill(sequence, PROMPT, { model, signal: controller.signal }),
    Error,
    "client left",
  );
  assertEquals(sequence.passes.length, 1);
});
