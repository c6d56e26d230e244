import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { embed, type EmbedOptions } from "../../../lib/bita/decode/embed.ts";
import type { Model, StepRunner } from "../../../lib/bita/decode/model.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { withModel } from "../../models/architectures/_models.ts";
import { IDS, LENGTHS, POOLED } from "./embed/_files.ts";

/** What llama.cpp makes; `golden.ts` writes it. */
const GOLDEN = Deno.readTextFileSync(
  new URL("embed/golden.jsonl", import.meta.url),
)
  .trim().split("\n").map((line) => JSON.parse(line)) as {
    pooling: "mean" | "last";
    vectors: number[][];
  }[];

/** Makes a vector in a sequence of its own. */
async function vectorOf(
  model: Pick<Model, "open">,
  runner: StepRunner,
  options: EmbedOptions,
): Promise<Float32Array> {
  const sequence = model.open(options.prompt);
  try {
    const outputs = await Array.fromAsync(embed(runner, sequence, options));
    assertEquals(outputs.map(({ finish }) => finish), ["stop"]);
    return outputs[0].embedding!;
  } finally {
    sequence.close();
  }
}

for (const { pooling, vectors } of GOLDEN) {
  Deno.test(`embed() makes llama.cpp's vectors with the pooling ${pooling}`, async () => {
    await withModel(POOLED[pooling], "fp32", async (model) => {
      const scheduler = new Scheduler(model);
      const made = await Promise.all(LENGTHS.map((length) => {
        const prompt = IDS.subarray(0, length);
        return vectorOf(model, scheduler, { prompt, pooling });
      }));
      for (const [i, vector] of made.entries()) {
        assertAlmostEquals(Math.hypot(...vector), 1, 1e-5);
        assertEquals(vector.length, vectors[i].length);
        for (const [j, x] of vector.entries()) {
          assertAlmostEquals(x, vectors[i][j], 1e-3, `${LENGTHS[i]}: ${j}`);
        }
      }
    });
  });
}

Deno.test("embed() ends before the next pass once its client leaves", async () => {
  await withModel(POOLED.mean, "fp32", async (model) => {
    const leaving = new AbortController();
    const runner: StepRunner = {
      shape: model.shape,
      invariant: true,
      run: async (step) => {
        leaving.signal.throwIfAborted();
        const [output] = await model.run([step]);
        leaving.abort(new TypeError("gone"));
        return output;
      },
    };
    const { signal } = leaving;
    const failure = await vectorOf(model, runner, {
      prompt: IDS,
      pooling: "mean",
      signal,
    }).catch((error) => error);
    assert(failure instanceof TypeError);
    assertEquals(failure.message, "gone");
  });
});
