/**
 * The model that the benchmark of GPUs measures: the default one, or a tiny one that a
 * software driver computes in good time.
 *
 * @module
 */

import { basename } from "node:path";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { kvBytes } from "../../../lib/runtime/kv/kv_layout.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../../lib/runtime/ort_model.ts";
import { gpuAdapter } from "../../../lib/runtime/web/gpu_adapter.ts";
import { webgpuBackend } from "../../../lib/runtime/web/webgpu_backend.ts";
import {
  checkModel,
  type ModelCheck,
  widenPasses,
} from "../../../lib/worker/opening/check_model.ts";
import type { Adapter } from "../../../models/adapter/adapter.ts";
import { ADAPTER, realArtefact } from "../../real_model.ts";
import { tinyArtefact } from "../../runtime/_tiny.ts";
import { TINY } from "../../toy/tiny_gguf.ts";
import { loadPrompts } from "../prompts.ts";

/** Tokens that a text may have. */
const CONTEXT = 1024;

/** What is measured. */
export interface Subject {
  /** What the adapter calls itself. */
  device: string;
  model: OrtModel;
  /** The name of its graphs. */
  graphs: string;
  adapter: Adapter;
  check: ModelCheck;
  /** Bytes of a token's keys and values. */
  bytesPerToken: number;
  prompts: Int32Array[];
}

/** Opens the model on the GPU, and tests and times it as a server does. */
export async function openSubject(
  { tiny, shares, prompts }: {
    tiny: boolean;
    /** Whether passes are shared. */
    shares: boolean;
    prompts: number;
  },
): Promise<Subject> {
  const artefact = tiny
    ? await tinyArtefact("int8")
    : await realArtefact("int8", { adapter: ADAPTER });
  const model = await openModel(await webgpuBackend(), artefact, {
    context: CONTEXT,
  });
  const check = await checkModel(model);
  if (check.invariant && shares) await widenPasses(model, check, () => {});
  return {
    device: await deviceName(),
    model,
    graphs: basename(artefact.folder),
    adapter: artefact.adapter,
    check,
    bytesPerToken: kvBytes(artefact.config, 1),
    prompts: tiny ? somePrompts(prompts) : await realPrompts(prompts),
  };
}

async function deviceName(): Promise<string> {
  const { description, device, vendor } = (await gpuAdapter())!.info;
  return description || device || vendor;
}

async function realPrompts(count: number): Promise<Int32Array[]> {
  const { prompts } = await loadPrompts({
    prompts: "tests/prompts.jsonl",
    limit: String(count),
  });
  return prompts.map(({ ids }) => ids);
}

/** Makes prompts of arbitrary tokens that repeat themselves, so that n-grams are found. */
function somePrompts(count: number): Int32Array[] {
  return Array.from({ length: count }, (_, seed) =>
    Int32Array.from(
      { length: 20 + seed },
      (_, i) => Math.floor(uniform(seed, i % 7) * TINY.vocab),
    ));
}
