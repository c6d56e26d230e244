/**
 * Models on demand: several models that are open by turns, the time that a sleeping one
 * takes to answer, and the memory that stays taken when all sleep again.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ADAPTER, realGguf } from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
} from "../benchmark.ts";
import { median } from "../statistics.ts";
import { type Holdings, ServerProcess } from "../serve/server_process.ts";

const MIB = 1 << 20;

/** Milliseconds between two looks at what the models are doing. */
const LOOK_MS = 100;

/** Milliseconds after which memory that is being freed is less. */
const SETTLE_MS = 15_000;

/** What a server held. */
type Sample = Holdings & { when: string };

/** Measures models that wake and sleep. */
export const sleep: Benchmark = {
  about: "models that are open by turns: first tokens, and memory afterwards",
  options: {
    models: { about: "number of models", default: "3" },
    rounds: { about: "wakes after the first of each model", default: "50" },
  },
  async run(options): Promise<Report> {
    const folder = await Deno.makeTempDir();
    const ids = await linkModels(folder, integer(options, "models"));
    const rounds = integer(options, "rounds");
    const samples: Sample[] = [];
    const first: number[] = [], later: number[] = [];
    try {
      await using server = await ServerProcess.start({
        MODEL: ids.map((id) => `${folder}/${id}.gguf`).join(),
        LOAD: "lazy",
        MODEL_MEMORY: "1",
        SLEEP_SECONDS: "2",
        PREFIX_CACHE: "off",
      });
      const sample = async (when: string) =>
        samples.push({ when, ...await server.holdings() });
      await sample("listening, no model opened yet");
      for (const id of ids) first.push(await ask(server, id));
      await sample("one open, after a request to each");
      await asleep(server);
      await sample("all asleep");
      for (let round = 1; round <= rounds; round++) {
        progress(round, rounds, "wakes");
        later.push(await ask(server, ids[round % ids.length]));
      }
      await sample(`one open, after ${rounds} more wakes`);
      await asleep(server);
      await sample("all asleep");
      const { listenMs } = server;
      return {
        tables: [{
          title: `${ids.length} models, of which one is open at a time`,
          header: ["ms until", "median", "most"],
          rows: [
            ["listening", listenMs, listenMs],
            ...([
              ["a model's very first answer", first],
              ["an answer of one that slept", later],
            ] as const).map(([name, times]) => [
              name,
              median(times),
              Math.max(...times),
            ]),
          ],
        }, {
          title: "What the server holds",
          header: [
            ...["when", "MiB resident", "of it anonymous"],
            ...["threads", "descriptors"],
          ],
          rows: samples.map(({ when, ...held }) => [
            when,
            held.resident / MIB,
            held.anonymous / MIB,
            held.threads,
            held.descriptors,
          ]),
        }],
        notes: [
          "The models are the default one under several names.",
          "What stays is the program, and the adapters.",
        ],
        data: { listenMs, first, later, samples },
      };
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

/** Links the default model and its adapter under several names; returns these. */
async function linkModels(folder: string, count: number): Promise<string[]> {
  const { path } = await realGguf();
  const ids = Array.from({ length: count }, (_, i) => `model-${i + 1}`);
  for (const id of ids) {
    await Deno.symlink(path, `${folder}/${id}.gguf`);
    await Deno.symlink(ADAPTER, `${folder}/${id}.bita.safetensors`);
  }
  return ids;
}

/** Sends a request to a model; returns the milliseconds until its answer of one token. */
async function ask(
  { origin }: ServerProcess,
  model: string,
): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${origin}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model,
      prompt: "The capital of France is",
      temperature: 0,
      max_tokens: 1,
    }),
  });
  const { choices, error } = await response.json();
  if (error) throw new Error(error.message);
  if (choices[0].text === " Paris") return performance.now() - start;
  throw new Error(
    `Cannot measure: the model must know Paris: received "${choices[0].text}"`,
  );
}

/** Waits until all models sleep and their memory is free. */
async function asleep(server: ServerProcess): Promise<void> {
  for (let states: string[] = ["ready"]; states.some(isAwake);) {
    await delay(LOOK_MS);
    const health = await (await fetch(`${server.origin}/health`)).json();
    states = health.models.map(({ state }: { state: string }) => state);
  }
  for (let before = Infinity;;) {
    await delay(SETTLE_MS);
    const { now } = await server.memory();
    if (before - now < MIB) return;
    before = now;
  }
}

function isAwake(state: string): boolean {
  return state !== "asleep";
}
