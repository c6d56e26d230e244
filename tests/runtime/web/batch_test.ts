import { assert, assertEquals } from "@std/assert";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import { findGpu } from "../_gpu.ts";
import { TINY } from "../../toy/tiny_gguf.ts";
import { sum } from "../../bench/statistics.ts";
import { TrafficCounter } from "./_traffic.ts";
import { alone, copy, stepOf, tinyArtefact } from "../_tiny.ts";

const ignore = !await findGpu();

Deno.test({
  name:
    "sequences share passes on webgpu, and get the bits that each gets alone",
  ignore,
  async fn() {
    using counter = new TrafficCounter();
    const artefact = await tinyArtefact("int8");
    const model = await openModel(await webgpuBackend(), artefact, {
      context: 64,
    });
    // Three texts of four, then four: the idle one's place is taken.
    const sizes = [[2, 1, 1], [3, 5, 1, 4], [4, 5, 1, 4], [16, 1, 2]];
    for (const [count, ...rows] of sizes) {
      const steps = Array.from(
        { length: count },
        (_, i) => stepOf(model, { seed: i, rows: rows[i % rows.length] }),
      );
      const expected = await alone(model, steps);
      const size = model.batches.find((size) => size >= count)!;
      if (model.shape.maxSequences < size) {
        // Passes go on while a body is being opened.
        const opening = model.widen(size, () => Promise.resolve(true));
        assertEquals(
          await alone(model, steps.slice(0, 1)),
          expected.slice(0, 1),
        );
        assert(await opening);
      }
      for (const isRecorded of [false, true]) {
        counter.take();
        const works: unknown[] = [];
        model.onWork = ({ part, sequences }) => works.push([part, sequences]);
        const outputs = await model.run(steps);
        const { ExpandBias, ...kernels } = counter.take().dispatches;
        assertEquals(ExpandBias, size);
        if (size === 16 && isRecorded) {
          assertEquals(sum(Object.values(kernels)), 71 * TINY.layers + 3);
        }
        assertEquals(works, [["body", count], ["head", count]]);
        assertEquals(copy(outputs), expected);
        const [last] = await outputs[count - 1].read([0]);
        assertEquals(last, expected[count - 1][0]);
        for (const output of outputs) output.release();
      }
      for (const { sequence } of steps) sequence.close();
    }
  },
});
