import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Drafting } from "../../lib/worker/drafting.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { ToyModel } from "../toy/model.ts";
import { run } from "../bita/_run.ts";

const PROMPT = Int32Array.of(1, 2, 3);

/** Decodes in a namespace with recycled tokens alone; returns the accepted guesses. */
async function accepted(
  { drafting, model }: { drafting: Drafting; model: ToyModel },
  namespace?: string,
): Promise<number> {
  const { outputs } = await run(drafting.decode(model.open(), {
    prompt: PROMPT,
    sampling: GREEDY,
    maxTokens: 6,
    endTokens: new Set(),
    draft: "recycle",
    namespace,
  }));
  return outputs.reduce((sum, output) => sum + output.accepted, 0);
}

function start() {
  const model = new ToyModel({ vocab: 300, seed: 7 });
  const cost = { body: () => 1, head: () => 0 };
  const scheduler = new Scheduler(model);
  return { model, drafting: new Drafting({ scheduler, cost, adapter: {} }) };
}

Deno.test("Drafting learns from the texts of a namespace", async () => {
  const started = start();
  assertEquals(await accepted(started, "a"), 0);
  assert(await accepted(started, "a") > 2);
});

Deno.test("Drafting shows no namespace what another has taught", async () => {
  const started = start();
  for (let i = 0; i < 3; i++) await accepted(started, "a");
  assertEquals(await accepted(started, "b"), 0);
  assertEquals(await accepted(started), 0);
});

Deno.test("Drafting remembers the namespaces that were used last", async () => {
  const started = start();
  await accepted(started, "a");
  for (let i = 0; i < 15; i++) await accepted(started, `b${i}`);
  assert(await accepted(started, "a") > 2);
  for (let i = 0; i < 16; i++) await accepted(started, `c${i}`);
  assertEquals(await accepted(started, "a"), 0);
});
