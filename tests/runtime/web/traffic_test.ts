/**
 * What a pass gives to the GPU, by count: the numbers hold for any device.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import { findGpu } from "../_gpu.ts";
import { stepOf, tinyArtefact } from "../_tiny.ts";
import { TINY } from "../../toy/tiny_gguf.ts";
import { TrafficCounter } from "./_traffic.ts";

const ignore = !await findGpu();

/** Dispatches of a layer. */
const LAYER = {
  SkipLayerNorm: 1,
  MatMulNBitsWideTile: 3,
  SplitPackedQKVWithRotaryEmbeddingAndCopyKV: 1,
  FlashAttentionDecodeQKV: 1,
  FlashAttentionDecodeVxReduce: 1,
  GatedFeedForward: 1, // from the sum after attention to what down takes
};

Deno.test({
  name:
    "a greedy pass on webgpu gives the device the same, however long the text",
  ignore,
  async fn() {
    using counter = new TrafficCounter();
    const model = await openModel(
      await webgpuBackend(),
      await tinyArtefact("int8"),
      { context: 1024 },
    );
    const sequence = model.open(new Int32Array(1));
    const pass = async (length: number, best: boolean) => {
      sequence.length = length;
      counter.take();
      const step = stepOf(model, { seed: length, rows: 1, sequence });
      const [output] = await model.run([{ ...step, best }]);
      const logits = output.logits[0].slice();
      output.release();
      return { ...counter.take(), logits };
    };
    sequence.kv.reserve(1000);
    const first = await pass(10, true);
    const short = await pass(10, true);
    assertEquals(short.logits, first.logits);
    await pass(897, true); // computed by ONNX Runtime
    const recorded = await pass(897, true);
    assertEquals(recorded.dispatches, short.dispatches);
    const long = await pass(900, true);
    assertEquals(long.dispatches, short.dispatches);
    assertEquals(long.up, short.up);
    assert(long.up < 3000, `${long.up}: embeddings, angles, what is hidden`);
    assertEquals(long.down, 8);

    const { layers } = TINY;
    assertEquals(long.dispatches, {
      ExpandBias: 1,
      ArgMax: 1,
      ...Object.fromEntries(
        Object.entries(LAYER).map(([name, count]) => [name, layers * count]),
      ),
      LayerNorm: 1,
      Gather: 1,
      MatMulNBitsWideTile: layers * LAYER.MatMulNBitsWideTile + 1,
    });

    const whole = await pass(900, false);
    const best = Math.max(...whole.logits);
    const id = whole.logits.indexOf(best);
    assertEquals(long.logits[id], best);
    assertEquals(long.logits.filter((x) => x !== -Infinity).length, 1);
    assert(whole.down > 1000, "all logits are read where they are wanted");
    sequence.close();
  },
});
