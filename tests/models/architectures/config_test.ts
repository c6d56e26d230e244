import { assertEquals, assertThrows } from "@std/assert";
import { modelConfig } from "../../../models/architectures/config.ts";
import type { TensorInfo } from "../../../models/gguf/directory.ts";
import type { Metadata } from "../../../models/gguf/field.ts";

const METADATA: Metadata = {
  "general.architecture": "llama",
  "llama.block_count": 2,
  "llama.context_length": 128,
  "llama.embedding_length": 24,
  "llama.feed_forward_length": 40,
  "llama.attention.head_count": 6,
  "llama.attention.head_count_kv": 2,
  "llama.attention.layer_norm_rms_epsilon": 1e-5,
  "llama.rope.freq_base": 100_000,
  "llama.rope.dimension_count": 4,
  "llama.vocab_size": 50,
  "tokenizer.ggml.tokens": ["a", "b"],
};

const LAYER: Record<string, number[]> = {
  attn_norm: [24],
  attn_q: [24, 24],
  attn_k: [8, 24],
  attn_v: [8, 24],
  attn_output: [24, 24],
  ffn_norm: [24],
  ffn_gate: [40, 24],
  ffn_up: [40, 24],
  ffn_down: [24, 40],
};

const SHAPES: Record<string, number[]> = {
  "token_embd.weight": [50, 24],
  "output_norm.weight": [24],
};
for (const layer of [0, 1]) {
  for (const [name, shape] of Object.entries(LAYER)) {
    SHAPES[`blk.${layer}.${name}.weight`] = shape;
  }
}

/** Returns tensors of these shapes; their offsets do not matter here. */
function tensors(shapes: Record<string, number[]>): Map<string, TensorInfo> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { name, type: "F32", shape, offset: 0, byteLength: 0 },
    ]),
  );
}

Deno.test("modelConfig() reads a model's dimensions", () => {
  assertEquals(modelConfig(METADATA, tensors(SHAPES)), {
    architecture: "llama",
    layers: 2,
    heads: 6,
    kvHeads: 2,
    headDim: 4,
    dim: 24,
    hidden: 40,
    vocab: 50,
    context: 128,
    rotated: 4,
    rotary: { frequencies: [1, 100_000 ** -0.5], magnitude: 1 },
    epsilon: 1e-5,
    norms: "before",
    layerNorms: false,
    activation: "silu",
    gated: true,
    parallel: false,
    tiedHead: true,
    biases: false,
    fused: false,
    pairs: true,
    scales: { embedding: 1, residual: 1, attention: 0.5, logits: 1 },
  });
});

Deno.test("modelConfig() detects a separate head", () => {
  const untied = tensors({ ...SHAPES, "output.weight": [50, 24] });
  assertEquals(modelConfig(METADATA, untied).tiedHead, false);
});

Deno.test("modelConfig() refuses missing, misshapen and unknown tensors", () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    const { [name]: _, ...rest } = SHAPES;
    assertThrows(
      () => modelConfig(METADATA, tensors(rest)),
      RangeError,
      "received",
    );
    const misshapen = tensors({ ...SHAPES, [name]: [...shape, 1] });
    assertThrows(() => modelConfig(METADATA, misshapen), RangeError, name);
  }
  const wrongHead = tensors({ ...SHAPES, "output.weight": [49, 24] });
  assertThrows(
    () => modelConfig(METADATA, wrongHead),
    RangeError,
    "output.weight must be 50×24: received 49×24",
  );
  for (
    const name of [
      "blk.0.attn_output.bias",
      "blk.0.attn_q_norm.weight",
      "blk.2.ffn_up.weight",
    ]
  ) {
    assertThrows(
      () => modelConfig(METADATA, tensors({ ...SHAPES, [name]: [24] })),
      TypeError,
      `received ${name}`,
    );
  }
});

Deno.test("modelConfig() refuses features that the graph does not support", () => {
  const cases: Metadata = {
    "general.architecture": "mamba",
    "llama.expert_count": 8,
    "llama.rope.scaling.type": "yarn",
    "llama.attention.sliding_window": 4096,
    "llama.attention.causal": false,
    "llama.final_logit_softcapping": 30,
  };
  for (const [key, value] of Object.entries(cases)) {
    const metadata = { ...METADATA, [key]: value };
    assertThrows(() => modelConfig(metadata, tensors(SHAPES)), TypeError, key);
  }
  const harmless = {
    "llama.expert_count": 0,
    "llama.rope.scaling.type": "none",
    "llama.rope.scale_linear": 1,
    "llama.attention.causal": true,
  };
  modelConfig({ ...METADATA, ...harmless }, tensors(SHAPES));
});

Deno.test("modelConfig() takes a factor of positions without a type as linear", () => {
  const scaled = { ...METADATA, "llama.rope.scaling.factor": 4 };
  const { frequencies } = modelConfig(scaled, tensors(SHAPES)).rotary;
  assertEquals(frequencies, [1 / 4, 100_000 ** -0.5 / 4]);
});

Deno.test("modelConfig() refuses dimensions that contradict each other", () => {
  const cases: [key: string, value: number, message: string][] = [
    ["llama.attention.head_count_kv", 4, "must divide head_count, 6"],
    ["llama.attention.key_length", 5, "must be even: received 5"],
    ["llama.rope.dimension_count", 3, "must be even, at most 4: received 3"],
    ["llama.rope.dimension_count", 6, "must be even, at most 4: received 6"],
    ["llama.attention.value_length", 8, "must be 4: received 8"],
    ["llama.vocab_size", 51, "must be 50: received 51"],
    ["llama.block_count", 2 ** 31, "blk.2.attn_norm.weight must be 24"],
  ];
  for (const [key, value, message] of cases) {
    const metadata = { ...METADATA, [key]: value };
    assertThrows(
      () => modelConfig(metadata, tensors(SHAPES)),
      RangeError,
      message,
    );
  }
  const tokens = Array.from({ length: 51 }, String);
  assertThrows(
    () =>
      modelConfig(
        { ...METADATA, "tokenizer.ggml.tokens": tokens },
        tensors(SHAPES),
      ),
    RangeError,
    "at most 50 tokens: received 51",
  );
});

Deno.test("modelConfig() refuses missing fields and invalid dimensions", () => {
  const keys = [
    "llama.block_count",
    "llama.context_length",
    "llama.embedding_length",
    "llama.feed_forward_length",
    "llama.attention.head_count",
    "llama.attention.layer_norm_rms_epsilon",
  ];
  for (const key of keys) {
    const { [key]: _, ...rest } = METADATA;
    for (const value of [0, -1, "3", [3], NaN]) {
      const metadata: Metadata = { ...rest, [key]: value };
      assertThrows(
        () => modelConfig(metadata, tensors(SHAPES)),
        TypeError,
        key,
      );
    }
    assertThrows(() => modelConfig(rest, tensors(SHAPES)), TypeError, key);
  }
});
