/**
 * What bi-directional tuning has taught a frozen model (BiTA, arXiv 2401.12522
 * §3.1): mask tokens that draft, and prompt tokens that they alone attend to.
 *
 * @module
 */

import type { LlamaConfig } from "./architecture.ts";
import { parseSafetensors, type Safetensors } from "./safetensors.ts";

/** Learned tokens, M masks and P prompts. */
export interface Adapter {
  /** Mask tokens, M. */
  masks: number;
  /** `[M, dim]`; without it, each is the mean of the text's prompt. */
  maskEmbeddings?: Float32Array<ArrayBuffer>;
  /** Prompt tokens, P. */
  prompts: number;
  /** `[2 * layers, kvHeads, P, headDim]`, keys first. */
  promptKv: Float32Array<ArrayBuffer>;
}

/** Drafts a little with any model: nothing learned, three masks. */
export const UNTRAINED: Adapter = {
  masks: 3,
  prompts: 0,
  promptKv: new Float32Array(0),
};

/** The model that an adapter must fit. */
export interface AdapterBase {
  config: LlamaConfig;
  /** SHA-256 of the model's file, in hex. */
  digest: string;
}

/**
 * Reads the adapter at `path`; a file that is not there is an untrained adapter.
 *
 * @throws {RangeError} if it was tuned for another model or another shape.
 */
export async function openAdapter(
  path: string | URL,
  base: AdapterBase,
): Promise<Adapter> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return UNTRAINED;
    throw error;
  }
  return toAdapter(parseSafetensors(bytes), base);
}

/** The tensors that the graphs know what to do with. */
const KNOWN = ["mask_embeddings", "prompt_keys", "prompt_values"];

/** Checks tensors against the model they were tuned for. */
export function toAdapter(
  { metadata, tensors }: Safetensors,
  { config, digest }: AdapterBase,
): Adapter {
  if (metadata.base_sha256 !== digest) {
    throw refusal(`it must be tuned for ${digest}`, metadata.base_sha256);
  }
  for (const name of tensors.keys()) {
    if (KNOWN.includes(name)) continue;
    throw refusal(`its tensors must be ${KNOWN.join(", ")}`, name);
  }
  const { layers, kvHeads, headDim, dim } = config;
  const masks = tensors.get("mask_embeddings")?.shape[0] ?? 0;
  const prompts = tensors.get("prompt_keys")?.shape[2] ?? 0;
  const take = (name: string, shape: number[]) => {
    const tensor = tensors.get(name);
    if (tensor?.shape.join() !== shape.join()) {
      const received = tensor?.shape.join("×");
      throw refusal(`${name} must be ${shape.join("×")}`, received);
    }
    return tensor.data;
  };
  const maskEmbeddings = take("mask_embeddings", [masks, dim]);
  const promptKv = new Float32Array(2 * layers * kvHeads * prompts * headDim);
  const promptShape = [layers, kvHeads, prompts, headDim];
  promptKv.set(take("prompt_keys", promptShape));
  promptKv.set(take("prompt_values", promptShape), promptKv.length / 2);
  return { masks, maskEmbeddings, prompts, promptKv };
}

function refusal(rule: string, received: string | undefined): RangeError {
  return new RangeError(
    `Cannot load the adapter: ${rule}: received ${received ?? "none"}`,
  );
}
