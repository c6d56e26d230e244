import { assert, assertEquals, assertRejects } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import type { Step } from "../../lib/bita/decode/model.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { ToyModel, type ToySequence } from "../toy/model.ts";

/** A step of one root, which is read. */
function decoding(sequence: ToySequence, token = 1): Step {
  const { length: start } = sequence;
  const tokens = Int32Array.of(token);
  return { sequence, start, tokens, parents: chain(0), read: [0] };
}

/** A step of a prompt. */
function prompt(sequence: ToySequence, length: number): Step {
  const { length: start } = sequence;
  const tokens = new Int32Array(length).fill(2);
  return { sequence, start, tokens, parents: chain(length - 1), read: [] };
}

/** Rows of each pass, sequence by sequence. */
const rowsOf = ({ passes }: ToyModel) =>
  passes.map((steps) => steps.map(({ tokens }) => tokens.length));

Deno.test("Scheduler computes what is ready in one pass", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const sequences = [1, 2, 3].map(() => model.open());
  const outputs = await Promise.all(
    sequences.map((sequence) => scheduler.run(decoding(sequence))),
  );
  assertEquals(rowsOf(model), [[1, 1, 1]]);
  const [one, two] = outputs.map(({ logits }) => logits[0]);
  assertEquals(one, two);
});

Deno.test("Scheduler lets the sequences of a pass go on before the next", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const options = {
    prompt: Int32Array.of(1),
    sampling: GREEDY,
    maxTokens: 5,
    endTokens: new Set<number>(),
  };
  await Promise.all(
    [1, 2, 3].map(() =>
      Array.fromAsync(decodePlain(scheduler, model.open(), options))
    ),
  );
  assertEquals(rowsOf(model), new Array(5).fill([1, 1, 1]));
});

Deno.test("Scheduler takes at most the sequences and rows of the model", async () => {
  const model = new ToyModel({ maxSequences: 2, maxRows: 10 });
  const scheduler = new Scheduler(model);
  await Promise.all([
    scheduler.run(decoding(model.open())),
    scheduler.run(prompt(model.open(), 12)),
    scheduler.run(decoding(model.open())),
  ]);
  assert(model.passes.every((steps) => steps.length <= 2));
});

Deno.test("Scheduler reads a prompt in parts, and others decode beside it", async () => {
  let time = 0;
  const cost = { body: (rows: number) => 19 + rows, head: () => 0 };
  const model = new ToyModel({ context: 500, maxRows: 128 });
  const { run } = model;
  model.run = (steps) => {
    time += cost.body(steps.reduce((sum, s) => sum + s.tokens.length, 0));
    return run.call(model, steps);
  };
  const scheduler = new Scheduler(model, { cost, now: () => time });
  const text = model.open();
  const long = scheduler.run(prompt(text, 400));
  let isRead = false;
  long.then(() => isRead = true);
  const other = model.open();
  let tokens = 0;
  while (!isRead) {
    (await scheduler.run(decoding(other))).release();
    other.length++;
    tokens++;
  }
  assertEquals(text.length, model.shape.softPrompt + 400);
  // A plain pass takes 20, and 24 rows of the prompt make it 2.2 times as long.
  assert(tokens >= 400 / 26 && tokens <= 400 / 20, `${tokens} tokens`);
});

Deno.test("Scheduler reads prompts in turn where nothing decodes", async () => {
  const model = new ToyModel({ context: 500, maxRows: 128 });
  const scheduler = new Scheduler(model);
  const [long, short] = [model.open(), model.open()];
  await Promise.all([
    scheduler.run(prompt(long, 150)),
    scheduler.run(prompt(short, 20)),
  ]);
  assertEquals(rowsOf(model), [[64], [20, 42], [44]]);
});

Deno.test("Scheduler reads a prompt alone in parts of 64", async () => {
  const model = new ToyModel({ context: 500, maxRows: 128 });
  await new Scheduler(model).run(prompt(model.open(), 150));
  assertEquals(rowsOf(model), [[64], [64], [22]]);
});

Deno.test("Scheduler goes round where a pass holds one sequence", async () => {
  const model = new ToyModel({ maxSequences: 1, context: 200 });
  const scheduler = new Scheduler(model);
  const [text, a, b] = [model.open(), model.open(), model.open()];
  const done = scheduler.run(prompt(text, 150));
  const steps = [a, b].map((sequence) => scheduler.run(decoding(sequence)));
  await Promise.all([done, ...steps]);
  const order = model.passes.map(([{ sequence }]) =>
    [text, a, b].indexOf(sequence as ToySequence)
  );
  assertEquals(order, [0, 1, 2, 0, 0]);
});

Deno.test("Scheduler keeps to fixed parts where bits depend on the pass", async () => {
  const model = new ToyModel({ context: 200 });
  const scheduler = new Scheduler(model, { partRows: 16 });
  const [text, other] = [model.open(), model.open()];
  const done = scheduler.run(prompt(text, 40));
  await Promise.all([done, scheduler.run(decoding(other))]);
  assertEquals(rowsOf(model), [[16], [1], [16], [8]]);
});

Deno.test("Scheduler cuts a prompt into the same parts beside other prompts", async () => {
  const model = new ToyModel({ context: 200 });
  const scheduler = new Scheduler(model, { partRows: 16 });
  const texts = [model.open(), model.open()];
  await Promise.all(texts.map((text) => scheduler.run(prompt(text, 40))));
  for (const { steps } of texts) {
    assertEquals(steps.map(({ tokens }) => tokens.length), [16, 16, 8]);
  }
});

Deno.test("Scheduler drops what was aborted before it forms a pass", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const controller = new AbortController();
  const { signal } = controller;
  const gone = scheduler.run(decoding(model.open()), { signal });
  const stays = scheduler.run(decoding(model.open()));
  controller.abort(new Error("client left"));
  await assertRejects(() => gone, Error, "client left");
  await stays;
  assertEquals(rowsOf(model), [[1]]);
});

Deno.test("Scheduler fails only the step that has made a pass fail", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const [good, bad, fine] = [model.open(), model.open(), model.open()];
  const { run } = model;
  model.run = (steps) =>
    steps.some(({ sequence }) => sequence === bad)
      ? Promise.reject(new Error("out of memory"))
      : run.call(model, steps);
  const steps = [good, bad, fine].map((text) => scheduler.run(decoding(text)));
  await assertRejects(() => steps[1], Error, "out of memory");
  for (const step of [steps[0], steps[2]]) assert(await step);
});

Deno.test("Scheduler fails the steps of a pass that failed, and goes on", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const { run } = model;
  model.run = () => Promise.reject(new Error("device lost"));
  const failed = [1, 2].map(() => scheduler.run(decoding(model.open())));
  for (const step of failed) {
    await assertRejects(() => step, Error, "device lost");
  }
  model.run = run;
  assert(await scheduler.run(decoding(model.open())));
});

Deno.test("Scheduler.beside() sums up what others had in the last pass", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const [a, b, c] = [model.open(), model.open(), model.open()];
  const twice = {
    ...decoding(b),
    tokens: Int32Array.of(1, 1),
    parents: chain(1),
  };
  await Promise.all([
    scheduler.run(decoding(a)),
    scheduler.run(twice),
    scheduler.run(prompt(c, 4)),
  ]);
  const two = { sequences: 2, read: 2 };
  assertEquals(scheduler.beside(a), { ...two, rows: 3 });
  assertEquals(scheduler.beside(b), { ...two, rows: 2 });
  const web = new Scheduler(new ToyModel({ maxSequences: 1 }));
  assertEquals(web.beside(a).sequences, 0);
});

Deno.test("Scheduler.beside() does not show how well others draft", async () => {
  const shown = [];
  for (const gained of [1, 4]) {
    const model = new ToyModel();
    const scheduler = new Scheduler(model);
    const [mine, other] = [model.open(), model.open()];
    const [tokens, parents] = [Int32Array.of(1, 1, 1, 1), chain(3)];
    for (let pass = 0; pass < 5; pass++) {
      await scheduler.run({ ...decoding(other), tokens, parents });
      other.length += gained;
    }
    shown.push(scheduler.beside(mine));
  }
  assertEquals(shown[0], shown[1]);
});

Deno.test("Scheduler.beside() counts what is ready, but no long prompt", async () => {
  const model = new ToyModel();
  const scheduler = new Scheduler(model);
  const [a, b, c, d] = Array.from({ length: 4 }, () => model.open());
  const steps = [
    scheduler.run(decoding(a)),
    scheduler.run(decoding(b)),
    scheduler.run(prompt(c, 4)),
    scheduler.run(prompt(d, 65)),
  ];
  const { sequences, rows } = scheduler.beside(a);
  assertEquals([sequences, rows], [2, 2]);
  await Promise.all(steps);
});
