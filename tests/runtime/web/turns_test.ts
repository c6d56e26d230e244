import { assertEquals } from "@std/assert";
import type { Backend } from "../../../lib/runtime/backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { wasmBackend } from "../../../lib/runtime/web/wasm_backend.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import type { WeightFormat } from "../../../models/graph/linear.ts";
import { findGpu } from "../_gpu.ts";
import { alone, copy, stepOf, tinyArtefact } from "../_tiny.ts";

const BACKENDS: [WeightFormat, () => Promise<Backend>][] = [
  ["fp32", () => Promise.resolve(wasmBackend(1))],
];
if (await findGpu()) BACKENDS.push(["int8", webgpuBackend]);

for (const [format, open] of BACKENDS) {
  const backend = await open();
  Deno.test(`sequences get their own bits by turns on ${backend.name}`, async () => {
    const artefact = await tinyArtefact(format);
    const model = await openModel(backend, artefact, { context: 64 });
    assertEquals(model.shape.maxSequences, 1);
    assertEquals(model.batches.length > 0, backend.name === "webgpu");
    const steps = [5, 1, 9].map((rows, seed) => stepOf(model, { seed, rows }));
    const expected = await alone(model, steps);
    const outputs = await model.run(steps);
    assertEquals(copy(outputs), expected);
    const [last] = await outputs[0].read([4]);
    assertEquals(last, expected[0][4]);
    for (const output of outputs) output.release();

    // Two calls at once take turns, too.
    const both = await Promise.all(steps.slice(1).map((s) => model.run([s])));
    assertEquals(copy(both.flat()), expected.slice(1));
    for (const [output] of both) output.release();
    for (const { sequence } of steps) sequence.close();
  });
}
