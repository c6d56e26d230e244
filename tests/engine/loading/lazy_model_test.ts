import { assert, assertEquals, assertRejects } from "@std/assert";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { parseConfig } from "../../../lib/config/config.ts";
import { ApiError } from "../../../lib/engine/errors.ts";
import { ModelMemory } from "../../../lib/engine/loading/model_memory.ts";
import { LazyModel } from "../../../lib/engine/loading/lazy_model.ts";
import { countWorkers } from "../../_workers.ts";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";

/** Times that two models take turns. */
const ROUNDS = 4;

/**
 * Serves tiny models that sleep when they are told that enough time has passed, or when
 * another one of them needs the memory.
 */
async function serveTiny(
  { startSeconds = [600], memory = Infinity }: {
    /** Seconds that a request of each model waits. */
    startSeconds?: number[];
    /** Bytes for the weights of all of them. */
    memory?: number;
  } = {},
) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const pauses: { ms: number; signal: AbortSignal; end: () => void }[] = [];
  const opened: string[] = [];
  const failures: Error[] = [];
  const secret = new Uint8Array(32);
  const shared = new ModelMemory(memory);
  const models = startSeconds.map((seconds) => {
    const config = parseConfig(
      {
        MODEL: path,
        CACHE_DIR: folder,
        BACKEND: "cpu",
        PREFIX_CACHE: "off",
        SLEEP_SECONDS: "60",
        START_SECONDS: String(seconds),
      },
      { processors: 1, cacheHome: folder },
    );
    return new LazyModel(path, {
      config,
      memory: shared,
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
  });
  return {
    models,
    pauses,
    opened,
    failures,
    async [Symbol.asyncDispose]() {
      for (const model of models) await model.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Begins an answer. */
async function ask(model: LazyModel, maxTokens = 4) {
  const { signal } = new AbortController();
  const engine = await model.open(signal);
  return engine.generate({
    prompt: { text: "The" },
    sampling: GREEDY,
    maxTokens,
    stop: [],
    draft: "auto",
    cache: { caller: "", salt: "" },
  }, { signal });
}

/** Returns the text of an answer. */
async function answer(model: LazyModel): Promise<string> {
  let text = "";
  for await (const event of await ask(model)) {
    if (event.type === "text") text += event.text;
  }
  return text;
}

/** Counts what a leak would have more of, open files and threads, where Linux runs. */
function resources(): number {
  if (Deno.build.os !== "linux") return 0;
  return ["fd", "task"]
    .flatMap((kind) => [...Deno.readDirSync(`/proc/${Deno.pid}/${kind}`)])
    .length;
}

Deno.test("LazyModel sleeps after some time without a request, and opens for the next", async () => {
  await using served = await serveTiny();
  const { models: [model], pauses, opened, failures } = served;
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

Deno.test("LazyModel makes room for another one, but not while it answers", async () => {
  await using served = await serveTiny({
    startSeconds: [600, 0, 600],
    memory: 1,
  });
  const { models: [patient, hasty, other], failures } = served;
  const events = (await ask(patient))[Symbol.asyncIterator]();
  while ((await events.next()).value!.type !== "end");
  const refused = async () => {
    const error = await assertRejects(() => hasty.open(AbortSignal.any([])));
    assert(error instanceof ApiError);
    const after = error.headers["retry-after-ms"];
    assertEquals([error.status, after], [503, "5000"]);
    return error.message;
  };
  // Once its size is known, it waits until nobody reads that answer.
  while (!(await refused()).endsWith("that are answering take its memory"));
  await refused();
  assertEquals([patient.state, hasty.state], ["ready", "starting"]);

  await events.return!();
  while (hasty.state !== "ready") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(patient.state, "asleep");
  const text = await answer(hasty);
  assertEquals(await answer(patient), text);
  assertEquals([patient.state, hasty.state], ["ready", "asleep"]);
  await hasty.start();
  assertEquals([hasty.state, failures], ["asleep", []]);

  const before = resources();
  for (let round = 0; round < ROUNDS; round++) {
    assertEquals(await answer(other), text);
    assertEquals(await answer(patient), text);
  }
  const more = resources() - before;
  assert(more < ROUNDS, `${more} more files and threads`);
});

Deno.test("LazyModel ends the threads for long texts when it sleeps, but not before them", async () => {
  using workers = countWorkers();
  await using served = await serveTiny();
  const { models: [model], pauses } = served;
  const { signal } = new AbortController();
  const long = {
    parts: ["the ".repeat(2000)],
    addSpecial: false,
    parseSpecial: false,
    param: "prompt",
  };
  for (let round = 0; round < 2; round++) {
    const { texts } = await model.open(signal);
    const tokens = texts.run("tokenize", long, signal);
    assertEquals(model.isIdle, false);
    assert((await tokens).ids.length > 100);
    assertEquals(workers.live, 2);
    await model.idle();
    pauses.at(-1)!.end();
    while (model.state === "ready") await model.idle();
    while (workers.live > 0) await new Promise((done) => setTimeout(done, 5));
  }
});
