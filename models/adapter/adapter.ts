/**
 * The parameters that bi-directional tuning adds to a frozen model: mask tokens, which
 * draft, and a soft prompt, which only mask tokens attend to (BiTA, arXiv 2401.12522
 * §3.1). Beyond the paper, low-rank updates change some linears on mask rows.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type AcceptanceTable, parseEvaluation } from "./acceptance_table.ts";
import type { ModelConfig } from "../architectures/config.ts";
import {
  type Conditional,
  CONDITIONAL_TENSORS,
  parseConditional,
} from "./conditional.ts";
import { type Hydra, HYDRA_TENSORS, parseHydra } from "./hydra.ts";
import { refusal } from "./refusal.ts";
import { parseSafetensors, type Safetensors } from "./safetensors.ts";

/** An adapter with M mask tokens and a soft prompt of P tokens. */
export interface Adapter {
  /** Mask tokens, M. */
  masks: number;
  /** `[M, dim]`; if absent, each mask is the mean embedding of the request's prompt. */
  maskEmbeddings?: Float32Array<ArrayBuffer>;
  /** Tokens of the soft prompt, P. */
  softPrompt: number;
  /** `[2 * layers, kvHeads, P, headDim]`, keys first. */
  promptKv: Float32Array<ArrayBuffer>;
  /** Low-rank updates of linears on mask rows. */
  updates: Update[];
  /** Acceptance rates on text outside the tuning data. */
  acceptance?: AcceptanceTable;
  /** A head that reranks the guesses of mask rows. */
  conditional?: Conditional;
  /** A head that drafts without mask rows. */
  hydra?: Hydra;
  /** SHA-256 of the adapter file, in hex; empty if there is no file. */
  digest: string;
}

/** Linears that can be updated; some are matrices stacked by rows. */
const LINEARS = [
  "attn_qkv",
  "attn_output",
  "ffn_gate_up",
  "ffn_down",
] as const;

/** A low-rank update, `B · A`, of a linear in all layers from one on. */
export interface Update {
  linear: typeof LINEARS[number];
  /** The first updated layer; all later layers are updated too. */
  firstLayer: number;
  rank: number;
  /** Input features of the linear. */
  inputs: number;
  /** Output features of the linear. */
  outputs: number;
  /** `[layers - firstLayer, rank, inputs]` */
  a: Float32Array;
  /** `[layers - firstLayer, outputs, rank]` */
  b: Float32Array;
}

/** An adapter for any model: three masks and nothing learned. */
export const UNTRAINED: Adapter = {
  masks: 3,
  softPrompt: 0,
  promptKv: new Float32Array(0),
  updates: [],
  digest: "",
};

/** The model that an adapter was tuned for. */
export interface AdapterBase {
  config: ModelConfig;
  /** SHA-256 of the model file, in hex. */
  digest: string;
}

/**
 * Reads the adapter at `path`, or returns {@linkcode UNTRAINED} if the file is missing.
 *
 * @throws {RangeError} if it was tuned for another model or has the wrong shape.
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
  const digest = createHash("sha256").update(bytes).digest("hex");
  return { ...toAdapter(parseSafetensors(bytes), base), digest };
}

/** The tensors that an adapter may have. */
const KNOWN = [
  "mask_embeddings",
  "prompt_keys",
  "prompt_values",
  ...LINEARS.flatMap((linear) => [`update.${linear}.a`, `update.${linear}.b`]),
  ...CONDITIONAL_TENSORS,
  ...HYDRA_TENSORS,
];

/**
 * Checks an adapter's tensors against the model.
 *
 * @throws {RangeError} if it was tuned for another model or has the wrong shape.
 */
export function toAdapter(
  { metadata, tensors }: Safetensors,
  { config, digest }: AdapterBase,
): Omit<Adapter, "digest"> {
  if (metadata.base_sha256 !== digest) {
    throw refusal(`it must be tuned for ${digest}`, metadata.base_sha256);
  }
  for (const name of tensors.keys()) {
    if (KNOWN.includes(name)) continue;
    throw refusal(`its tensors must be ${KNOWN.join(", ")}`, name);
  }
  const { layers, kvHeads, headDim, dim } = config;
  const masks = tensors.get("mask_embeddings")?.shape[0] ?? 0;
  const softPrompt = tensors.get("prompt_keys")?.shape[2] ?? 0;
  const find = (name: string, shape: number[]) => {
    const tensor = tensors.get(name);
    if (tensor?.shape.join() === shape.join()) return tensor;
    const received = tensor?.shape.join("×");
    throw refusal(`${name} must be ${shape.join("×")}`, received);
  };
  const take = (name: string, shape: number[]) => find(name, shape).data;
  const maskEmbeddings = take("mask_embeddings", [masks, dim]);
  const promptKv = new Float32Array(
    2 * layers * kvHeads * softPrompt * headDim,
  );
  const promptShape = [layers, kvHeads, softPrompt, headDim];
  promptKv.set(take("prompt_keys", promptShape));
  promptKv.set(take("prompt_values", promptShape), promptKv.length / 2);
  const updates = LINEARS.flatMap((linear): Update[] => {
    const first = tensors.get(`update.${linear}.a`);
    if (!first) return [];
    const [changed, rank] = first.shape;
    const [outputs, inputs] = linearShape(linear, config);
    const firstLayer = layers - changed;
    if (firstLayer < 0) {
      const name = `update.${linear}.a`;
      throw refusal(
        `${name} must have at most ${layers} layers`,
        `${changed}`,
      );
    }
    const a = find(`update.${linear}.a`, [changed, rank, inputs]);
    const b = find(`update.${linear}.b`, [changed, outputs, rank]);
    return [{
      linear,
      firstLayer,
      rank,
      inputs,
      outputs,
      get a() {
        return a.data;
      },
      get b() {
        return b.data;
      },
    }];
  });
  const { evaluation } = metadata;
  const hydra = parseHydra({ metadata, tensors }, config);
  const conditional = parseConditional({ metadata, tensors }, {
    vocab: config.vocab,
    masks,
  });
  const acceptance = evaluation && parseEvaluation(evaluation);
  return {
    masks,
    maskEmbeddings,
    softPrompt,
    promptKv,
    updates,
    ...(acceptance && { acceptance }),
    ...(conditional && { conditional }),
    ...(hydra && { hydra }),
  };
}

/** Returns an adapter without the weights that its graphs have. */
export function withoutWeights({ updates, hydra, ...rest }: Adapter): Adapter {
  const none = new Float32Array(0);
  const empty = { rows: 0, columns: 0, data: none };
  return {
    ...rest,
    updates: updates.map(({ linear, firstLayer, rank, inputs, outputs }) => ({
      linear,
      firstLayer,
      rank,
      inputs,
      outputs,
      a: none,
      b: none,
    })),
    ...hydra && {
      hydra: {
        vocab: hydra.vocab,
        layers: hydra.layers,
        w1: empty,
        bias: none,
        w2: empty,
        out: empty,
        acceptance: hydra.acceptance,
      },
    },
  };
}

/** Returns the shape of a linear's matrix. */
function linearShape(
  linear: Update["linear"],
  { heads, kvHeads, headDim, dim, hidden, gated }: ModelConfig,
): [outputs: number, inputs: number] {
  switch (linear) {
    case "attn_qkv":
      return [(heads + 2 * kvHeads) * headDim, dim];
    case "attn_output":
      return [dim, heads * headDim];
    case "ffn_gate_up":
      return [gated ? 2 * hidden : hidden, dim];
    case "ffn_down":
      return [dim, hidden];
  }
}
