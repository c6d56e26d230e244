import { assert, assertEquals } from "@std/assert";
import type { Model, Step } from "../../../lib/bita/decode/model.ts";
import { SelfTest } from "../../../lib/bita/cost/self_test.ts";
import { ToyModel, type ToyOptions } from "../../toy/model.ts";
import { packRows, unpackRows } from "../../toy/row.ts";
import { wrapped } from "../_wrapped.ts";
import { isInvariant } from "../_is_invariant.ts";

const ROOMY: ToyOptions = { context: 500, maxRows: 128, maxSequences: 16 };

/** A toy whose keys and values fit any slot. */
class MovingModel extends ToyModel {
  override open() {
    const sequence = super.open();
    const { writeKv } = sequence;
    sequence.writeKv = (slots, data, { from = 0 } = {}) => {
      const rows = unpackRows(data as Float32Array<ArrayBuffer>).map((
        row,
        i,
      ) => ({
        ...row,
        position: from + i - this.shape.softPrompt,
      }));
      writeKv.call(sequence, slots, packRows(rows), { from });
    };
    return sequence;
  }
}

/** Returns a toy that flips a bit of a row's logits if `lies` returns true. */
function liar(lies: (pass: readonly Step[], own: number) => boolean) {
  const toy = new MovingModel(ROOMY);
  return wrapped(toy, {
    async run(steps) {
      const outputs = await toy.run(steps);
      for (const [own, { logits }] of outputs.entries()) {
        if (logits.length === 0 || !lies(steps, own)) continue;
        const last = logits.at(-1)!;
        new Int32Array(last.buffer, last.byteOffset)[0] ^= 1;
      }
      return outputs;
    },
  });
}

const rowsOf = (steps: readonly Step[]) =>
  steps.reduce((sum, { tokens }) => sum + tokens.length, 0);

Deno.test("isInvariant() returns true if only unnatural rows depend on slots", async () => {
  for (const perturb of [false, true]) {
    const model = new MovingModel({ ...ROOMY, perturb });
    assert(await isInvariant(model));
    assert(model.opened.every(({ closed }) => closed));
  }
});

Deno.test("isInvariant() works without masks or prompts, and in any context", async () => {
  for (const context of [1, 2, 3, 16, 70, 130, 200, 400]) {
    const model = new MovingModel({
      ...ROOMY,
      context,
      masks: 0,
      softPrompt: 0,
    });
    assert(await isInvariant(model), `${context} tokens`);
  }
});

Deno.test("isInvariant() works with narrow passes of one sequence", async () => {
  const options = { ...ROOMY, maxSequences: 1, maxRows: 31 };
  const model = new MovingModel(options);
  assert(await isInvariant(model));
  assert(model.passes.every((steps) => steps.length === 1));
  assertEquals(Math.max(...model.passes.map(rowsOf)), 31);
});

const LIARS: Record<string, Parameters<typeof liar>[0]> = {
  "passes of two rows": (steps) => rowsOf(steps) === 2,
  "the rows of a prompt": (steps) => rowsOf(steps) === 64,
  "the widest pass": (steps) => rowsOf(steps) === 128,
  "a small tree": (steps) => rowsOf(steps) === 8,
  "a large tree": (steps) => rowsOf(steps) === 24,
  "masks": (steps) => steps.some(({ tokens }) => tokens.includes(-1)),
  "the first rows of a text": ([{ start, tokens }]) =>
    start < 4 && tokens.length === 33,
  "prompts after long texts": ([{ start, tokens }]) =>
    start > 300 && tokens.length > 31,
  "long texts": ([{ start, tokens }]) => start > 370 && tokens.length > 2,
  "a single row": (steps) => rowsOf(steps) === 1,
  "odd numbers of rows": (steps) => rowsOf(steps) % 2 === 1,
  "even numbers of rows, beside others": (steps) =>
    steps.length > 1 && rowsOf(steps) % 2 === 0,
  "a prompt beside": (steps) =>
    steps.some(({ read, tokens }) => read.length === 0 && tokens.length > 8),
  "the first place": (steps, own) => steps.length > 2 && own === 0,
  "a middle place": (steps, own) => own > 0 && own < steps.length - 1,
  "the last place": (steps, own) => own > 1 && own === steps.length - 1,
  ...Object.fromEntries(
    [2, 3, 4, 8, 16].map((size) => [
      `${size} sequences`,
      (steps: readonly Step[]) => steps.length === size,
    ]),
  ),
};

for (const [name, lies] of Object.entries(LIARS)) {
  Deno.test(`isInvariant() detects a model that is wrong in ${name}`, async () => {
    assertEquals(await isInvariant(liar(lies)), false);
  });
}

Deno.test("SelfTest compares each size of shared passes once", async () => {
  const toy = new MovingModel({ ...ROOMY, maxSequences: 8 });
  using test = new SelfTest(toy);
  assert(await test.isExactAlone());
  assert(toy.passes.every((steps) => steps.length === 1));
  for (const [maxSequences, sizes] of [[2, [2, 2]], [8, [3, 4, 8]]] as const) {
    toy.passes.length = 0;
    assert(
      await test.isExactTogether(
        wrapped(toy, { shape: { ...toy.shape, maxSequences } }),
      ),
    );
    assertEquals(toy.passes.map((steps) => steps.length), [...sizes]);
  }
});

Deno.test("isInvariant() detects keys that differ with equal logits", async () => {
  const isExact = (wrong: (rows: number) => boolean) =>
    isInvariant(withKeys(wrong));
  assertEquals(await isExact(() => false), true);
  assertEquals(await isExact((rows) => rows > 2), false);
  assertEquals(await isExact((rows) => rows === 1), false);
});

/** Returns a model whose keys are wrong after passes of some numbers of rows. */
function withKeys(wrong: (rows: number) => boolean): Model {
  const toy = new MovingModel(ROOMY);
  let isWrong = false;
  return wrapped(toy, {
    open() {
      const sequence = toy.open();
      const readKv = sequence.readKv.bind(sequence);
      sequence.readKv = async (...range) => {
        const kv = await readKv(...range);
        if (isWrong) new Int32Array(kv.buffer)[0] ^= 1;
        return kv;
      };
      return sequence;
    },
    run(steps) {
      isWrong = wrong(rowsOf(steps));
      return toy.run(steps);
    },
  });
}
