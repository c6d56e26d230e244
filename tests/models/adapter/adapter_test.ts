import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  openAdapter,
  toAdapter,
  UNTRAINED,
} from "../../../models/adapter/adapter.ts";
import type { ModelConfig } from "../../../models/architectures/config.ts";

const CONFIG: ModelConfig = {
  architecture: "llama",
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 2,
  dim: 4,
  hidden: 8,
  vocab: 10,
  context: 16,
  rotated: 2,
  rotary: { frequencies: [1], magnitude: 1 },
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
  scales: { embedding: 1, residual: 1, attention: 1, logits: 1 },
};
const BASE = { config: CONFIG, digest: "abc" };

/** Returns tensors of 3 masks and a soft prompt of 2 tokens, with consecutive numbers. */
function tensors() {
  let next = 0;
  const tensor = (...shape: number[]) => ({
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b)).map(() => next++),
  });
  return new Map([
    ["mask_embeddings", tensor(3, 4)],
    ["prompt_keys", tensor(2, 1, 2, 2)],
    ["prompt_values", tensor(2, 1, 2, 2)],
  ]);
}

Deno.test("toAdapter() puts keys before values", () => {
  const metadata = { base_sha256: "abc" };
  const adapter = toAdapter({ metadata, tensors: tensors() }, BASE);
  assertEquals(adapter.masks, 3);
  assertEquals(adapter.softPrompt, 2);
  assertEquals(adapter.maskEmbeddings?.length, 12);
  assertEquals(
    [...adapter.promptKv],
    Array.from({ length: 16 }, (_, i) => 12 + i),
  );
});

Deno.test("toAdapter() refuses another model's adapter", () => {
  const metadata = { base_sha256: "def" };
  assertThrows(
    () => toAdapter({ metadata, tensors: tensors() }, BASE),
    RangeError,
    "Cannot load the adapter: it must be tuned for abc: received def",
  );
});

Deno.test("toAdapter() refuses another shape", () => {
  const metadata = { base_sha256: "abc" };
  const wrong = tensors();
  wrong.set("prompt_values", wrong.get("mask_embeddings")!);
  assertThrows(
    () => toAdapter({ metadata, tensors: wrong }, BASE),
    RangeError,
    "prompt_values must be 2×1×2×2: received 3×4",
  );
});

Deno.test("toAdapter() refuses unknown tensors", () => {
  const metadata = { base_sha256: "abc" };
  const more = tensors();
  more.set("layer_vectors", more.get("mask_embeddings")!);
  assertThrows(
    () => toAdapter({ metadata, tensors: more }, BASE),
    RangeError,
    "received layer_vectors",
  );
});

Deno.test("toAdapter() reads updates of the last layers", () => {
  const metadata = { base_sha256: "abc" };
  const more = tensors();
  const a = { shape: [1, 3, 8], data: new Float32Array(24).fill(1) };
  const b = { shape: [1, 4, 3], data: new Float32Array(12).fill(2) };
  more.set("update.ffn_down.a", a).set("update.ffn_down.b", b);
  assertEquals(toAdapter({ metadata, tensors: more }, BASE).updates, [{
    linear: "ffn_down",
    firstLayer: 1,
    rank: 3,
    inputs: 8,
    outputs: 4,
    a: a.data,
    b: b.data,
  }]);
  more.set("update.ffn_down.a", { ...a, shape: [3, 1, 8] });
  assertThrows(
    () => toAdapter({ metadata, tensors: more }, BASE),
    RangeError,
    "update.ffn_down.a must have at most 2 layers: received 3",
  );
  more.set("update.ffn_down.a", { ...a, shape: [1, 2, 12] });
  assertThrows(
    () => toAdapter({ metadata, tensors: more }, BASE),
    RangeError,
    "update.ffn_down.a must be 1×2×8: received 1×2×12",
  );
});

Deno.test("toAdapter() reads the acceptance table", () => {
  const acceptance = { shares: [0.5], seen: [[[4, 5]]], hits: [[[2, 5]]] };
  const read = (evaluation: object) =>
    toAdapter({
      metadata: {
        base_sha256: "abc",
        evaluation: JSON.stringify(evaluation),
      },
      tensors: tensors(),
    }, BASE).acceptance;
  assertEquals(read({ texts: 3, acceptance }), acceptance);
  for (
    const wrong of [
      { edges: [1], seen: [], hits: [] },
      { ...acceptance, hits: [[[2, 5, 1]]] },
      { ...acceptance, seen: [[[4]]] },
    ]
  ) {
    assertThrows(
      () => read({ acceptance: wrong }),
      SyntaxError,
      "must have a table of acceptance by shares",
    );
  }
});

Deno.test("openAdapter() returns an untrained adapter for a missing file", async () => {
  assertEquals(await openAdapter("no/such/file", BASE), UNTRAINED);
  const golden = new URL("../golden.safetensors", import.meta.url);
  await assertRejects(() => openAdapter(golden, BASE), RangeError);
});
