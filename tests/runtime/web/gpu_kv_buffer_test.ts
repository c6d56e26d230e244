import { assert, assertEquals, assertRejects } from "@std/assert";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { DeviceMemoryError } from "../../../lib/runtime/backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../../lib/runtime/ort_model.ts";
import type { OrtSequence } from "../../../lib/runtime/ort_sequence.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import { findGpu } from "../_gpu.ts";
import { alone, stepOf, tinyArtefact } from "../_tiny.ts";

const ignore = !await findGpu();

/** Opens a tiny model on the GPU, for texts that outgrow their first buffer. */
async function openTiny(): Promise<OrtModel> {
  const artefact = await tinyArtefact("int8");
  return await openModel(await webgpuBackend(), artefact, { context: 1024 });
}

/** Arbitrary keys and values, `[length]`. */
function numbers(length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, i) => uniform(7, i) - 0.5);
}

/** Returns the slots that a sequence has memory for. */
function slotsOf({ kv }: OrtSequence): number {
  return kv.tensors[0].dims[2];
}

Deno.test({
  name: "a KV buffer on webgpu reads back what was written, grown or not",
  ignore,
  async fn() {
    const shape = { layers: 2, kvHeads: 3, headDim: 4 };
    const room = { slots: 9, most: 1000 };
    const buffer = (await webgpuBackend()).createKvBuffer(shape, room);
    const perSlot = 4 * 3 * 4;
    const data = numbers(5 * perSlot);
    buffer.write(5, data, { from: 2 });
    assertEquals(await buffer.read(5, { from: 2 }), data);
    for (const slots of [10, 150, 400]) {
      buffer.reserve(slots);
      assert(buffer.tensors[0].dims[2] >= slots);
      assertEquals(await buffer.read(5, { from: 2 }), data);
    }
    const whole = await buffer.read(400);
    const sum = (all: Float32Array) => all.reduce((sum, x) => sum + x, 0);
    assert(Math.abs(sum(whole) - sum(data)) < 1e-4, "all else is zero");
    buffer.close();
  },
});

Deno.test({
  name: "a text has the same bits in a buffer that has grown, on webgpu",
  ignore,
  async fn() {
    const model = await openTiny();
    const texts = [
      model.open(new Int32Array(1)),
      model.open(new Int32Array(900)),
    ];
    const [growing, whole] = texts;
    const filled = 200;
    const size = (await whole.readKv(1)).length;
    const before = slotsOf(whole);
    const sizes = new Set<number>();
    for (let seed = 0; seed < 3; seed++) {
      for (const text of texts) {
        text.writeKv(filled, numbers(filled * size), { from: text.length });
        text.length += filled;
      }
      const [a, b] = await alone(
        model,
        texts.map((sequence) => stepOf(model, { seed, rows: 9, sequence })),
      );
      assertEquals(a, b);
      for (const text of texts) text.length += 9;
      sizes.add(slotsOf(growing));
    }
    assert(sizes.size > 2, "it has grown twice");
    assertEquals(slotsOf(whole), before);
    const slots = growing.length;
    assertEquals(await growing.readKv(slots), await whole.readKv(slots));
    for (const text of texts) text.close();
  },
});

Deno.test({
  name: "500 tokens of the default model take at most 40 MB on webgpu",
  ignore,
  async fn() {
    const backend = await webgpuBackend();
    const shape = { layers: 30, kvHeads: 3, headDim: 64 };
    const [softPrompt, rows, most] = [16, backend.rows.max, 8192];
    for (const prompt of [20, 227]) {
      const slots = softPrompt + prompt + 128;
      const kv = backend.createKvBuffer(shape, { slots, most });
      for (let text = prompt; text <= 500; text++) {
        kv.reserve(softPrompt + text + rows);
      }
      const bytes = kv.tensors.reduce((sum, { size }) => sum + 4 * size, 0);
      kv.close();
      assert(bytes >= 25e6 && bytes <= 40e6, `${bytes}`);
    }
  },
});

Deno.test({
  name: "a sequence that the GPU has no memory for fails alone",
  ignore,
  async fn() {
    const model = await openTiny();
    const large = model.open(new Int32Array(2 ** 24), { tokens: 2 ** 24 });
    const small = model.open(new Int32Array(1));
    const step = stepOf(model, { seed: 1, rows: 5, sequence: small });
    const before = await alone(model, [step]);
    large.writeKv(1, await small.readKv(1));
    await assertRejects(
      () => model.run([stepOf(model, { seed: 1, rows: 5, sequence: large })]),
      DeviceMemoryError,
      "memory is required",
    );
    await assertRejects(() => large.readKv(1), DeviceMemoryError);
    large.close();
    assertEquals(await alone(model, [step]), before);
    small.close();
  },
});

Deno.test({
  name:
    "a KV buffer on webgpu takes copies within the device, which outlive it",
  ignore,
  async fn() {
    const shape = { layers: 2, kvHeads: 3, headDim: 4 };
    const backend = await webgpuBackend();
    const open = () => backend.createKvBuffer(shape, { slots: 20, most: 40 });
    const [one, other] = [open(), open()];
    const data = numbers(8 * 48);
    one.write(8, data, { from: 3 });
    const copy = await one.copy!(8, { from: 3 });
    one.write(8, data.toReversed(), { from: 3 });
    one.close();
    other.write(8, copy, { from: 30 });
    assertEquals(await other.read(8, { from: 30 }), data);
    assertEquals(copy.byteLength, data.byteLength);
    assertEquals(await copy.read(), data);
    copy.free();
  },
});
