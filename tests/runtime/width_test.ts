import { assert } from "@std/assert";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { openBackend } from "../../lib/runtime/choose_backend.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import { ADAPTER, CONFIG, realArtefact, shareAll } from "../real_model.ts";
import { TINY } from "../toy/tiny_gguf.ts";
import { tinyArtefact } from "./_tiny.ts";
import { argmax, readInPasses, textTokens } from "./_text.ts";
import { assertSameBits, type Reading, sameBits } from "./_widths.ts";
import { isInvariant } from "../bita/_is_invariant.ts";

/** Tokens to read; every width divides them. */
const TOKENS = 192;
const WIDTHS = [1, 2, 3, 4, 8, 16, 32, 48, 96];

/** Passes with siblings and masks after the natural rows; the first has none. */
const JUNK: Reading[] = [
  { width: 2 },
  { width: 2, junk: { siblings: 1, masks: 0 } },
  { width: 3, junk: { siblings: 4, masks: 3 } },
  { width: 8, junk: { siblings: 0, masks: 1 } },
  { width: 16, junk: { siblings: 20, masks: 3 } },
  { width: 48, junk: { siblings: 9, masks: 2 } },
];

const text = await textTokens(TOKENS);

/** Opens the model with its widest passes, which sequences share. */
async function open(
  format: WeightFormat,
  options: { adapter?: URL } = {},
): Promise<OrtModel> {
  const artefact = await realArtefact(format, options);
  const model = await openModel(await openBackend("cpu", CONFIG), artefact, {
    context: 256,
  });
  await shareAll(model);
  return model;
}

const MODELS = {
  int8: await open("int8"),
  // As other tests open it, since its conversion takes long.
  w8a8: await open("w8a8", { adapter: ADAPTER }),
  fp32: await open("fp32"),
};

for (const [format, model] of Object.entries(MODELS)) {
  Deno.test(`natural rows are the same bits at any pass width on cpu, ${format}`, async () => {
    const readings = WIDTHS.map((width) => ({ width }));
    await assertSameBits(model, text, readings);
    assert(await isInvariant(model));
  });

  Deno.test(`natural rows are the same bits before any junk on cpu, ${format}`, async () => {
    await assertSameBits(model, text.subarray(0, 48), JUNK);
  });
}

for (
  const [format, head] of [
    ["int4", "F32"],
    ["int4", "Q4_0"],
    ["w8a8", "F32"],
  ] as const
) {
  Deno.test(`natural rows are the same bits in all passes of a tiny model, ${format} of a head in ${head}`, async () => {
    const artefact = await tinyArtefact(format, { head });
    const model = await openModel(await openBackend("cpu", CONFIG), artefact, {
      context: 256,
    });
    await shareAll(model);
    const tokens = text.subarray(0, 48).map((token) => token % TINY.vocab);
    await assertSameBits(model, tokens, JUNK);
    assert(await isInvariant(model));
  });
}

for (const format of ["int8", "w8a8"] as const) {
  Deno.test(`natural rows are the same bits in the body that updates masks, ${format}`, async () => {
    const artefact = await realArtefact(format, { adapter: ADAPTER });
    assert(artefact.adapter.updates.length > 0);
    const model = await openModel(await openBackend("cpu", CONFIG), artefact, {
      context: 256,
    });
    await assertSameBits(model, text.subarray(0, 48), JUNK);
  });
}

/** Guesses the token at `position` as a sibling; returns the row after it. */
async function siblingRow(
  model: OrtModel,
  position: number,
): Promise<Float32Array> {
  const sequence = model.open(text);
  const before = text.subarray(0, position - 1);
  const prefix = { tokens: before, parents: chain(before.length - 1) };
  const start = model.shape.softPrompt;
  const [read] = await model.run([{ sequence, start, ...prefix, read: [] }]);
  read.release();
  const { nodeRows, ...rows } = layOut({
    parents: Int32Array.of(-1, 0, 0),
    tokens: Int32Array.of(
      text[position - 1],
      text[position] + 1,
      text[position],
    ),
    masks: new Int32Array(3),
  });
  const [output] = await model.run([{
    sequence,
    start: start + before.length,
    ...rows,
    read: [nodeRows[2]],
  }]);
  const logits = output.logits[0].slice();
  output.release();
  sequence.close();
  return logits;
}

for (const format of ["int8", "w8a8"] as const) {
  Deno.test(`a sibling's slot changes the bits, so siblings decide nothing, ${format}`, async () => {
    const model = MODELS[format];
    const positions = [9, 20, 33, 47, 58, 71, 82, 95];
    const natural: Float32Array[] = [];
    await readInPasses(model, text.subarray(0, 96), {
      width: 32,
      look: (row) => natural.push(row.slice()),
    });
    let differing = 0, flipped = 0, largest = 0;
    for (const position of positions) {
      const row = await siblingRow(model, position);
      const expected = natural[position];
      if (!sameBits(row, expected)) differing++;
      if (argmax(row) !== argmax(expected)) flipped++;
      row.forEach((logit, id) => {
        largest = Math.max(largest, Math.abs(logit - expected[id]));
      });
    }
    console.log(
      `siblings that differ: ${differing} of ${positions.length}, ` +
        `by up to ${largest.toFixed(3)}; other best token: ${flipped}`,
    );
    assert(differing > 0, "the natural-slot rule would be needless");
    assert(largest < 2, "a sibling is the same row but for rounding");
  });
}
