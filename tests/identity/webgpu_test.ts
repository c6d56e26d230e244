/**
 * Drafts change nothing about a text on WebGPU: a few tokens of the real model, and
 * many of a tiny one, which a software driver computes in good time.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { DecodeOptions } from "../../lib/bita/decode/output.ts";
import type { Model } from "../../lib/bita/decode/model.ts";
import type { Planner } from "../../lib/bita/draft/planner.ts";
import { shapePlanner } from "../bita/_shape_planner.ts";
import { uniform } from "../../lib/bita/choose/random.ts";
import { GREEDY, type Sampling } from "../../lib/bita/choose/sampling.ts";
import { comb, parseShape } from "../../lib/bita/tree/tree.ts";
import { kvBytes } from "../../lib/runtime/kv/kv_layout.ts";
import { openModel } from "../../lib/runtime/open_model.ts";
import { webgpuBackend } from "../../lib/runtime/web/webgpu_backend.ts";
import { openArtefact } from "../../models/artefact.ts";
import type { Progress } from "../../models/download/progress.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { decodedPlainly, run } from "../bita/_run.ts";
import { openRealModel } from "../real_model.ts";
import { assertIdentical as assertSameCached } from "../prefix/_identity.ts";
import { findGpu } from "../runtime/_gpu.ts";
import { TINY, writeTinyGguf } from "../toy/tiny_gguf.ts";
import { encodeText, END_TOKENS } from "./_chats.ts";
import { addUp, assertIdentical, type Tally } from "./_compare.ts";
import { chainOracle } from "./_oracles.ts";

const ignore = !await findGpu();

/** A short text to go on from: each pass takes seconds. */
const PROMPT = encodeText("The capital of France is");

/**
 * Prompts of the real model that are cached. Each takes two passes when it is computed,
 * and one when it is cached, twice.
 */
const CACHED = Number(Deno.env.get("IDENTITY_PROMPTS") ?? 1);

/** What a token's keys and values of the default model take follows from. */
const SMOLLM2 = { layers: 30, kvHeads: 3, headDim: 64 };

const WARM: Sampling = { ...GREEDY, temperature: 0.8, seed: 2401 };
const SILENT: Progress = { start() {}, advance() {}, stop() {}, note() {} };

Deno.test({
  name: "drafts and cached prompts change nothing on webgpu, real model",
  ignore,
  async fn(t) {
    // The software driver multiplies floats three times as fast as bytes.
    const model = await openRealModel("webgpu", {
      context: 128,
      format: "fp32",
    });
    await t.step("decode() equals decodePlain()", async () => {
      const { rows, passes } = await assertIdentical(model, PROMPT, {
        sampling: GREEDY,
        maxTokens: 4, // with 3, masks have no room
        endTokens: END_TOKENS,
        planner: shapePlanner(comb(parseShape("2-1")), model.shape.masks),
      });
      assert(rows > 2 * passes, "a plain pass has one row");
    });
    await t.step(
      "a prompt is cached on the device, and in Deno KV",
      async () => {
        const text = encodeText("The capital of France is Paris. ".repeat(3));
        await assertSameCached({
          model,
          prompts: Array.from(
            { length: CACHED },
            (_, i) => text.slice(i, i + 17),
          ),
          draft: "none",
          maxTokens: 1,
          bytesPerToken: kvBytes(SMOLLM2, 1),
          invariant: false,
        });
      },
    );
  },
});

/** Opens a random Llama on the GPU. */
async function openTiny(): Promise<Model> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 5 });
  const artefact = await openArtefact(await openGguf(path), {
    cacheDir: folder,
    format: "int8",
    progress: SILENT,
  });
  const model = await openModel(await webgpuBackend(), artefact, {
    context: TINY.context,
  });
  await Deno.remove(folder, { recursive: true });
  return model;
}

/** How a test drafts one text. */
type Drafting = (
  model: Model,
  prompt: Int32Array,
  options: Omit<DecodeOptions, "prompt">,
) => Planner | Promise<Planner>;

const DRAFTINGS: Record<string, { prompts: number; planner: Drafting }> = {
  "the paper's tree": {
    prompts: 5,
    planner: ({ shape: { masks } }) =>
      shapePlanner(comb(parseShape("paper")), masks),
  },
  "many siblings": {
    prompts: 4,
    planner: ({ shape: { masks } }) =>
      shapePlanner(comb(parseShape("24-3")), masks),
  },
  "guesses that are right": {
    prompts: 4,
    planner: async (...decoding) =>
      chainOracle((await run(decodedPlainly(...decoding))).tokens),
  },
};

Deno.test({
  name: "decode() equals decodePlain() on webgpu, tiny model",
  ignore,
  async fn(t) {
    const model = await openTiny();
    for (const [name, { prompts, planner }] of Object.entries(DRAFTINGS)) {
      await t.step(`with ${name}`, async () => {
        const tallies: Tally[] = [];
        for (let i = 0; i < prompts; i++) {
          const prompt = someTokens(3 + 16 * i, i);
          const options = {
            sampling: i % 2 === 0 ? GREEDY : WARM,
            maxTokens: 16,
            endTokens: new Set<number>(),
          };
          tallies.push(
            await assertIdentical(model, prompt, {
              ...options,
              planner: await planner(model, prompt, options),
            }),
          );
        }
        const { tokens, passes, rows, accepted } = addUp(tallies);
        console.log(`${tokens} tokens: ${passes} passes, ${accepted} accepted`);
        assert(rows > 2 * passes, "a plain pass has one row");
        assert(accepted > 0);
      });
    }
  },
});

function someTokens(length: number, seed: number): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(seed, i) * TINY.vocab),
  );
}
