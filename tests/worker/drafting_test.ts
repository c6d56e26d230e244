import { assert, assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { Decoding } from "../../lib/worker/decoding.ts";
import { Drafting } from "../../lib/worker/drafting.ts";
import { Scheduler } from "../../lib/worker/scheduler.ts";
import { ToyModel } from "../toy/model.ts";
import { run } from "../bita/_run.ts";

/** Returns a decoder of a toy, without a cache. */
function start(): Decoding {
  const model = new ToyModel({ vocab: 300, seed: 7 });
  const cost = { body: () => 1, head: () => 0 };
  const scheduler = new Scheduler(model);
  const drafting = new Drafting({ scheduler, cost, adapter: {} });
  return new Decoding({ model, drafting, invariant: true });
}

/** Continues the same text for a caller with recycled tokens alone. */
function decode(decoding: Decoding, caller = "", salt = "") {
  return decoding.decode({
    prompt: Int32Array.of(1, 2, 3),
    sampling: GREEDY,
    maxTokens: 6,
    endTokens: new Set(),
    draft: "recycle",
    cache: { caller, salt },
  });
}

/** Returns the guesses that are accepted for a caller. */
async function accepted(
  ...[decoding, ...owner]: Parameters<typeof decode>
): Promise<number> {
  const { outputs } = await run(decode(decoding, ...owner));
  return outputs.reduce((sum, output) => sum + output.accepted, 0);
}

Deno.test("Drafting learns from the texts of a caller", async () => {
  const decoding = start();
  assertEquals(await accepted(decoding, "a"), 0);
  assert(await accepted(decoding, "a") > 2);
});

Deno.test("Drafting shows no namespace what another has taught", async () => {
  const decoding = start();
  for (let i = 0; i < 3; i++) await accepted(decoding, "a", "s");
  assertEquals(await accepted(decoding, "b", "s"), 0);
  assertEquals(await accepted(decoding, "a", "t"), 0);
  assertEquals(await accepted(decoding), 0);
});

Deno.test("Drafting remembers the namespaces that were used last", async () => {
  const decoding = start();
  await accepted(decoding, "a");
  for (let i = 0; i < 15; i++) await accepted(decoding, `b${i}`);
  assert(await accepted(decoding, "a") > 2);
  for (let i = 0; i < 16; i++) await accepted(decoding, `c${i}`);
  assertEquals(await accepted(decoding, "a"), 0);
});

Deno.test("no caller makes Drafting forget another's texts by many salts", async () => {
  const decoding = start();
  await accepted(decoding, "a");
  for (let i = 0; i < 20; i++) await accepted(decoding, "b", `${i}`);
  assert(await accepted(decoding, "a") > 2);
  assert(await accepted(decoding, "b", "19") > 2);
  assertEquals(await accepted(decoding, "b", "0"), 0);
});

Deno.test("an erasure erases what drafts have learned", async () => {
  const decoding = start();
  for (const caller of ["a", "b"]) await accepted(decoding, caller);
  const begun = decode(decoding, "a");
  await decoding.erase("a");
  await run(begun);
  assertEquals(await accepted(decoding, "a"), 0);
  assert(await accepted(decoding, "b") > 2);
  await decoding.erase();
  assertEquals(await accepted(decoding, "b"), 0);
});
