import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Model } from "../../../lib/bita/decode/model.ts";
import { isWidthInvariant } from "../../../lib/bita/cost/self_test.ts";
import { wrapModel } from "../../../lib/bita/decode/wrap_model.ts";
import { ToyModel } from "../../toy/model.ts";

const widths = [2, 4, 8, 31];

/** Opens sequences whose logits `bend` may change, knowing the pass's rows. */
function bent(
  toy: ToyModel,
  bend: (logits: Float32Array, rows: number) => void,
): Model {
  return wrapModel(toy, (prompt) => {
    const sequence = toy.open(prompt);
    let rows = 0;
    return {
      forward(pass) {
        rows = pass.tokens.length;
        return sequence.forward(pass);
      },
      async logits(chosen) {
        const logits = await sequence.logits(chosen);
        bend(logits, rows);
        return logits;
      },
      close: () => sequence.close(),
    };
  });
}

Deno.test("isWidthInvariant() agrees when only junk rows depend on slots", async () => {
  for (const perturb of [false, true]) {
    const model = new ToyModel({ perturb });
    assert(await isWidthInvariant(model, { widths }));
    assert(model.opened.every(({ closed }) => closed));
  }
});

Deno.test("isWidthInvariant() works without masks or prompts", async () => {
  const model = new ToyModel({ masks: 0, prompts: 0 });
  assert(await isWidthInvariant(model, { widths }));
});

Deno.test("isWidthInvariant() sees the last bit of one row at one width", async () => {
  const model = bent(new ToyModel(), (logits, rows) => {
    const bits = new Int32Array(logits.buffer, logits.byteOffset);
    if (rows === 8) bits[bits.length - 1] ^= 1;
  });
  assertEquals(await isWidthInvariant(model, { widths }), false);
  assert(await isWidthInvariant(model, { widths: [2, 4, 31] }));
});

Deno.test("isWidthInvariant() sees rows that differ only when computed alone", async () => {
  const model = bent(new ToyModel(), (logits, rows) => {
    if (rows === 2) logits[0] += 1;
  });
  assertEquals(await isWidthInvariant(model, { widths: [31] }), false);
});

Deno.test("isWidthInvariant() takes two passes a width", async () => {
  const model = new ToyModel();
  const prompt = Int32Array.of(1);
  await isWidthInvariant(model, { widths, prompt });
  assertEquals(
    model.opened[0].passes.map(({ tokens }) => tokens.length),
    [2, 2, 4, 2, 8, 2, 31, 2],
  );
});

Deno.test("isWidthInvariant() refuses widths that can't be", async () => {
  const model = new ToyModel({ maxRows: 16, context: 12 });
  for (const width of [1, 17]) {
    await assertRejects(
      () => isWidthInvariant(model, { widths: [width] }),
      RangeError,
      `2 to 16 rows are required: received ${width}`,
    );
  }
  await assertRejects(
    () => isWidthInvariant(model, { widths: [16] }),
    RangeError,
    "a context of 15 tokens is required: received 12",
  );
});
