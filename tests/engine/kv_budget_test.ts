import { assertEquals, assertThrows } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import { KvBudget } from "../../lib/engine/admission/kv_budget.ts";

const MIB = 2 ** 20;

/** The default model: 46,080 bytes a token. */
const SIZE = {
  layers: 30,
  kvHeads: 3,
  headDim: 64,
  softPrompt: 16,
  context: 8192,
};
const PER_TOKEN = 46_080;

Deno.test("KvBudget gives sequences what the cached prompts leave", () => {
  const of = (bytes: number, tier: number) =>
    new KvBudget(SIZE, { bytes, free: 0, tier });
  const roomy = of(2048 * MIB, 256 * MIB);
  assertEquals(roomy.tierBytes, 256 * MIB);
  assertEquals(roomy.slots, Math.floor(1792 * MIB / PER_TOKEN));
  const tight = of(512 * MIB, 256 * MIB);
  assertEquals(tight.tierBytes, 128 * MIB);
  assertEquals(tight.slots, Math.floor(384 * MIB / PER_TOKEN));
  assertEquals(of(512 * MIB, 0).slots, Math.floor(512 * MIB / PER_TOKEN));
});

Deno.test("KvBudget takes half of the free memory, or what one text needs", () => {
  const of = (free: number) => new KvBudget(SIZE, { free, tier: 256 * MIB });
  assertEquals(
    of(8192 * MIB).slots,
    Math.floor((4096 - 256) * MIB / PER_TOKEN),
  );
  const least = of(64 * MIB);
  assertEquals(least.slots, 16 + 8192 + 128);
  assertEquals(least.longest, 8192);
});

Deno.test("KvBudget bounds an answer by the context and by the memory", () => {
  const slots = 16 + 1000 + 128;
  const budget = new KvBudget(SIZE, {
    bytes: slots * PER_TOKEN,
    free: 0,
    tier: 0,
  });
  assertEquals(budget.answerTokens(600, 300), 300);
  assertEquals(budget.answerTokens(600, 400), 400);
  assertEquals(budget.answerTokens(600, undefined), 400);
  const cases = [[600, 401, 401], [600, 9999, 7592], [1000, undefined, 1]];
  for (const [prompt, most, received] of cases) {
    const error = assertThrows(
      () => budget.answerTokens(prompt!, most),
      ApiError,
      `is 1000 tokens here, prompt and answer together: received ${prompt} and ${received}`,
    );
    assertEquals(error.status, 400);
    assertEquals(error.code, "context_length_exceeded");
  }
  const roomy = new KvBudget(SIZE, { bytes: 1e12, free: 0, tier: 0 });
  assertEquals(roomy.answerTokens(8000, 500), 192);
  assertEquals(roomy.answerTokens(8000, undefined), 192);
});

Deno.test("KvBudget bounds an answer by the operator's limit", () => {
  const size = { ...SIZE, answer: 256 };
  const budget = new KvBudget(size, { bytes: 1e12, free: 0, tier: 0 });
  assertEquals(budget.answerTokens(100, undefined), 256);
  assertEquals(budget.answerTokens(100, 10), 10);
  assertEquals(budget.answerTokens(100, 9999), 256);
  assertEquals(budget.answerTokens(8000, 9999), 192);
});

Deno.test("KvBudget refuses memory that holds no text", () => {
  assertThrows(
    () => new KvBudget(SIZE, { bytes: MIB, free: 0, tier: 0 }),
    RangeError,
    "KV_MEMORY must be at least 10MiB for each model: received 1MiB",
  );
});
