import { assertEquals } from "@std/assert";
import { LiveCost } from "../../lib/bita/cost/live_cost.ts";
import { decodePlain } from "../../lib/bita/decode/plain.ts";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { wrapModel } from "../../lib/bita/decode/wrap_model.ts";
import type { KvModel, KvSequence } from "../../lib/prefix/cached_model.ts";
import { watchCost } from "../../lib/worker/watched_cost.ts";
import { ToyModel } from "../toy/model.ts";

const SAMPLES = [[1, 8], [8, 8]] as const;

/** Runs a few plain passes that take so long; gives what was learned. */
async function learned({ body, head }: { body: number; head: number }) {
  const toy = new ToyModel();
  let now = 0;
  const slow: KvModel = wrapModel<KvSequence>(toy, (prompt) => {
    const sequence = toy.open(prompt);
    return {
      forward(pass) {
        now += body;
        return sequence.forward(pass);
      },
      logits(rows) {
        now += head;
        return sequence.logits(rows);
      },
      readKv: (slots, options) => sequence.readKv(slots, options),
      writeKv: (...range) => sequence.writeKv(...range),
      close: () => sequence.close(),
    };
  });
  const cost = new LiveCost({ body: SAMPLES, head: SAMPLES });
  const model = watchCost(slow, { cost, now: () => now });
  const prompt = Int32Array.of(1);
  const options = {
    sampling: GREEDY,
    maxTokens: 40,
    endTokens: new Set<number>(),
  };
  const outputs = await Array.fromAsync(decodePlain(model, prompt, options));
  assertEquals(toy.opened[0].closed, true);
  assertEquals(outputs.flatMap(({ tokens }) => tokens).length, 40);
  return [cost.body(1), cost.head(1)].map(Math.round);
}

Deno.test("watchCost() lets passes tell what they cost", async () => {
  assertEquals(await learned({ body: 8, head: 8 }), [8, 8]);
  assertEquals(await learned({ body: 16, head: 4 }), [15, 4]);
});
