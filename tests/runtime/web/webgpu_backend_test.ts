import { assert } from "@std/assert";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { openArtefact } from "../../../models/artefact.ts";
import type { Progress } from "../../../models/download/progress.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import { CONFIG, openRealModel, realArtefact } from "../../real_model.ts";
import { TINY, writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import { agreement, describe } from "../_agreement.ts";
import { withFloatActivations } from "../_float_activations.ts";
import { findGpu } from "../_gpu.ts";
import { textTokens } from "../_text.ts";
import { assertSameBits } from "../_widths.ts";

const ignore = !await findGpu();
const { threads, cacheDir } = CONFIG;

const SILENT: Progress = { start() {}, advance() {}, stop() {}, note() {} };

Deno.test({
  name: "webgpu says what cpu says with the same weights",
  ignore,
  async fn() {
    const options = { format: "fp32", context: 256 } as const;
    const result = await agreement(
      await openRealModel("webgpu", options),
      await openRealModel("cpu", options),
      await textTokens(40),
    );
    console.log(`webgpu and cpu, fp32: ${describe(result)}`);
    assert(result.best >= 0.995);
    assert(result.largest < 1e-3);
  },
});

Deno.test({
  name: "webgpu computes 8-bit weights with exact activations",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir({ dir: cacheDir });
    const exact = await withFloatActivations(
      await realArtefact("int8"),
      folder,
    );
    const result = await agreement(
      await openRealModel("webgpu", { context: 256 }),
      await openModel(cpuBackend(threads), exact, { context: 256 }),
      await textTokens(16),
    );
    await Deno.remove(folder, { recursive: true });
    console.log(`webgpu and cpu, int8: ${describe(result)}`);
    assert(result.best === 1);
    assert(result.largest < 1e-3);
  },
});

Deno.test({
  name: "natural rows are the same bits at any pass width on webgpu",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/tiny.gguf`;
    await writeTinyGguf(path, { seed: 1 });
    const gguf = await openGguf(path);
    const text = Int32Array.from(
      { length: 124 },
      (_, i) => Math.floor(uniform(1, i) * TINY.vocab),
    );
    for (const format of ["int8", "int4", "fp32"] as const) {
      const artefact = await openArtefact(gguf, {
        cacheDir: folder,
        format,
        progress: SILENT,
      });
      const model = await openModel(await webgpuBackend(), artefact, {
        context: 128,
      });
      await assertSameBits(model, text, [
        { width: 4 },
        { width: 5 },
        { width: 4, junk: { siblings: 1, masks: 1 } },
        { width: 8 },
        { width: 16, junk: { siblings: 12, masks: 3 } },
        { width: 31 },
      ]);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
