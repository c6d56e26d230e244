import { kvBytes } from "../../lib/runtime/kv/kv_layout.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import { webgpuBackend } from "../../lib/runtime/web/webgpu_backend.ts";
import { findGpu } from "../runtime/_gpu.ts";
import { tinyArtefact } from "../runtime/_tiny.ts";
import { TINY } from "../toy/tiny_gguf.ts";
import { assertIdentical, somePrompts } from "./_identity.ts";
import { promptOf } from "./_toy_cache.ts";

const ignore = !await findGpu();

Deno.test({
  name: "the cache changes no logit on webgpu, same bits or same shapes",
  ignore,
  async fn() {
    const artefact = await tinyArtefact("int8");
    const model = await openModel(await webgpuBackend(), artefact, {
      context: 128,
    });
    const bytesPerToken = kvBytes(TINY, 1);
    for (const invariant of [true, false]) {
      await assertIdentical({
        model,
        prompts: somePrompts(invariant ? 3 : 2, promptOf),
        draft: invariant ? "bita" : "none",
        maxTokens: invariant ? 4 : 2,
        bytesPerToken,
        invariant,
      });
    }
  },
});
