import { assertEquals } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { parseConfig } from "../../../lib/config/config.ts";
import { LazyModel } from "../../../lib/engine/loading/served_model.ts";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";

/** Serves a tiny model that sleeps when it is told that enough time has passed. */
async function serveTiny() {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const config = parseConfig(
    {
      ...{ MODEL: path, CACHE_DIR: folder, BACKEND: "cpu" },
      ...{ PREFIX_CACHE: "off", SLEEP_SECONDS: "60", START_SECONDS: "600" },
    },
    { processors: 1, cacheHome: folder },
  );
  const pauses: { ms: number; signal: AbortSignal; end: () => void }[] = [];
  const opened: string[] = [];
  const failures: Error[] = [];
  const secret = new Uint8Array(32);
  const model = new LazyModel(path, {
    config,
    prefix: Promise.resolve({ ...config.prefix, secret }),
    reports: Promise.resolve({
      onOpened: (about) => opened.push(about),
      onWarning() {},
      onFailure: (_, error) => failures.push(error),
      onGivenUp: (_, error) => failures.push(error),
    }),
    async pause(ms, { signal }) {
      const { promise, resolve } = Promise.withResolvers<void>();
      pauses.push({ ms, signal, end: resolve });
      await promise;
    },
  });
  return {
    ...{ model, pauses, opened, failures },
    async [Symbol.asyncDispose]() {
      await model.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Returns the text of an answer. */
async function answer(model: LazyModel): Promise<string> {
  const { signal } = new AbortController();
  const engine = await model.open(signal);
  const events = engine.generate({
    prompt: { text: "The" },
    ...{ sampling: GREEDY, maxTokens: 4, stop: [], draft: "auto" },
    cache: { caller: "", salt: "" },
  }, { signal });
  let text = "";
  for await (const event of events) {
    if (event.type === "text") text += event.text;
  }
  return text;
}

Deno.test("LazyModel sleeps after some time without a request, and opens for the next", async () => {
  await using served = await serveTiny();
  const { model, pauses, opened, failures } = served;
  assertEquals([model.state, pauses.length], ["asleep", 0]);
  const first = await answer(model);
  assertEquals(model.state, "ready");

  // A request in the meantime keeps it awake, if the time is over just then, too.
  const early = pauses.at(-1)!;
  assertEquals([early.ms, early.signal.aborted], [60_000, false]);
  await answer(model);
  assertEquals(early.signal.aborted, true);
  early.end();
  await model.idle();
  assertEquals([model.state, opened.length], ["ready", 1]);

  for (let round = 2; round <= 3; round++) {
    pauses.at(-1)!.end();
    while (model.state === "ready") await model.idle();
    assertEquals(model.state, "asleep");
    assertEquals([model.info?.exact, model.queue?.running], ["bitwise", 0]);
    const again = await answer(model); // while the last worker ends
    assertEquals([again, model.state], [first, "ready"]);
    assertEquals(opened.length, round);
  }
  assertEquals([model.restarts, failures], [0, []]);
});
