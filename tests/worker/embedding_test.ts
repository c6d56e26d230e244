import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Embedding } from "../../lib/worker/embedding.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { withModel } from "../models/architectures/_models.ts";
import { IDS, LENGTHS, POOLED } from "./embedding/_files.ts";

/** What llama.cpp makes; `golden.ts` writes it. */
const GOLDEN = Deno.readTextFileSync(
  new URL("embedding/golden.jsonl", import.meta.url),
)
  .trim().split("\n").map((line) => JSON.parse(line)) as {
    pooling: "mean" | "last";
    vectors: number[][];
  }[];

/** Makes vectors of beginnings of a text, all at once. */
async function embedAll(
  embedding: Embedding,
  pooling: "mean" | "last",
): Promise<Float32Array[]> {
  return await Promise.all(LENGTHS.map(async (length) => {
    const prompt = IDS.subarray(0, length);
    const outputs = await Array.fromAsync(embedding.embed({ prompt, pooling }));
    assertEquals(outputs.map(({ finish }) => finish), ["stop"]);
    return outputs[0].embedding!;
  }));
}

for (const { pooling, vectors } of GOLDEN) {
  Deno.test(`Embedding makes llama.cpp's vectors with the pooling ${pooling}`, async () => {
    await withModel(POOLED[pooling], "fp32", async (model) => {
      const embedding = new Embedding(model, new Scheduler(model));
      for (
        const [i, vector] of (await embedAll(embedding, pooling)).entries()
      ) {
        assertAlmostEquals(Math.hypot(...vector), 1, 1e-5);
        assertEquals(vector.length, vectors[i].length);
        for (const [j, x] of vector.entries()) {
          assertAlmostEquals(x, vectors[i][j], 1e-3, `${LENGTHS[i]}: ${j}`);
        }
      }
    });
  });
}

Deno.test("Embedding ends before the next pass once its client leaves", async () => {
  await withModel(POOLED.mean, "fp32", async (model) => {
    const leaving = new AbortController();
    const embedding = new Embedding(model, {
      shape: model.shape,
      run: async (step) => {
        leaving.signal.throwIfAborted();
        const [output] = await model.run([step]);
        leaving.abort(new TypeError("gone"));
        return output;
      },
    });
    const { signal } = leaving;
    const outputs = embedding.embed({ prompt: IDS, pooling: "mean", signal });
    const failure = await outputs.next().catch((error) => error);
    assert(failure instanceof TypeError);
    assertEquals(failure.message, "gone");
  });
});
