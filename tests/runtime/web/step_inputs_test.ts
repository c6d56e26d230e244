import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { Readback } from "../../../lib/runtime/web/readback.ts";
import {
  attentionBias,
  HIDDEN,
} from "../../../lib/runtime/body/attention_bias.ts";
import { ArgMax } from "../../../lib/runtime/web/arg_max.ts";
import { type Compile, compiler } from "../../../lib/runtime/web/compile.ts";
import {
  inGrains,
  packBias,
  StepInputs,
} from "../../../lib/runtime/web/step_inputs.ts";
import { Tensor } from "onnxruntime-web/jspi";
import { findGpu } from "../_gpu.ts";

const ignore = !await findGpu();

/** A device that is open for one test. */
interface Parts {
  device: GPUDevice;
  readback: Readback;
  compile: Compile;
}

/** Opens a device for one test. */
async function withDevice(
  work: (parts: Parts) => Promise<void>,
): Promise<void> {
  const device = await (await findGpu())!.requestDevice();
  const readback = await Readback.open(device);
  const compile = compiler(device, fail);
  try {
    await work({ device, readback, compile });
  } finally {
    device.destroy();
  }
}

const refuse: Compile = () => Promise.resolve(undefined);

Deno.test("packBias() refuses a row with two runs of hidden columns", () => {
  const bias = new Float32Array(6);
  bias[0] = bias[2] = HIDDEN;
  const size = { rows: 1, columns: 6 };
  assertThrows(
    () => packBias(bias, size),
    RangeError,
    "received more in row 0",
  );
  bias[1] = HIDDEN;
  assertEquals([...packBias(bias, size)], [1, 6, 5, 0, 3, 1]);
});

Deno.test({
  name: "StepInputs expands a bias on the device, and uploads the last angles",
  ignore,
  fn: () =>
    withDevice(async ({ device, readback, compile }) => {
      const ways = [
        await StepInputs.open(device, compile),
        await StepInputs.open(device, refuse),
      ];
      const read = async ({ gpuBuffer, size }: Tensor) =>
        new Float32Array(
          await readback.read(4 * size, (encoder, target) => {
            encoder.copyBufferToBuffer(
              gpuBuffer as GPUBuffer,
              0,
              target,
              0,
              4 * size,
            );
          }),
        );
      const tokens = Int32Array.of(3, 4, 5, 6, -1, -2);
      const parents = Int32Array.of(-1, 0, 1, 0, 1, 4);
      const sizes = [[4, 6], [300, 8], [77, 31]];
      const cases = ways.flatMap((inputs) =>
        sizes.map(([start, rows]) => ({ inputs, start, rows }))
      );
      for (const { inputs, start, rows } of cases) {
        const total = start + rows;
        const step = { start, tokens, parents };
        const bias = attentionBias(step, { rows, softPrompt: 4 });
        const angles = Float32Array.from(
          { length: 8 * total },
          (_, i) => uniform(1, i),
        );
        const { bias: onDevice, cos } = inputs.upload({
          bias: new Tensor("float32", bias, [1, 1, rows, total]),
          cos: new Tensor("float32", angles, [total, 8]),
        }) as Record<string, Tensor>;
        const slots = inGrains(total);
        assertEquals(onDevice.dims, [1, 1, rows, slots]);
        const lines = await read(onDevice);
        for (let row = 0; row < rows; row++) {
          const line = lines.subarray(row * slots, (row + 1) * slots);
          const filled = bias.subarray(row * total, (row + 1) * total);
          assertEquals(line.subarray(0, total), filled);
          assert(line.subarray(total).every((x) => x === HIDDEN));
        }
        assertEquals(cos.dims, [slots, 8]);
        const last = (await read(cos)).slice(8 * start, 8 * total);
        assertEquals(last, angles.slice(8 * start));
      }
    }),
});

Deno.test({
  name: "ArgMax.find() returns the largest logit, and the lowest id on a tie",
  ignore,
  fn: () =>
    withDevice(async (parts) => {
      const { device } = parts;
      const argMax = new ArgMax(parts);
      const refused = new ArgMax({ ...parts, compile: refuse });
      for (const vocab of [5, 300, 2_000]) {
        const rows = [0, 1, 2].map((row) =>
          Float32Array.from({ length: vocab }, (_, id) => -uniform(row, id) - 1)
        );
        rows[1][vocab - 1] = rows[1][2] = rows[1][vocab >> 1] = -0.5;
        rows[2][vocab - 1] = 7;
        const buffer = device.createBuffer({
          size: 12 * vocab,
          usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
        });
        for (const [i, row] of rows.entries()) {
          device.queue.writeBuffer(buffer, 4 * vocab * i, row);
        }
        const expected = rows.map((row) => {
          const logit = Math.max(...row);
          return { id: row.indexOf(logit), logit };
        });
        const found = await argMax.find(buffer, { rows: 3, vocab });
        assertEquals(found, expected);
        const size = { rows: 3, vocab };
        assertEquals(await refused.find(buffer, size), undefined);
      }
    }),
});
