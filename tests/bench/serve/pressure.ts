/**
 * Many clients with long prompts at once: the memory of the server and the statuses of
 * the responses; or, with `--cache`, the prompt cache under load.
 *
 * @module
 */

import { CONFIG } from "../../real_model.ts";
import { type Benchmark, integer, type Report } from "../benchmark.ts";
import { loadPrompts, longPrompts } from "../prompts.ts";
import { cacheUnderLoad } from "./cache_under_load.ts";
import { ServerProcess } from "./server_process.ts";

const MIB = 1 << 20;

/** Acceptance bar for `KV_MEMORY` of 1 GiB: MiB more than the idle server. */
const MOST_MORE = 1.15 * 1024;

/** The course of a client's request. */
interface Outcome {
  /** The status of each response; the last is that of the answer. */
  statuses: number[];
  /** Seconds until the answer. */
  seconds: number;
}

/** Measures a server under many long prompts. */
export const pressure: Benchmark = {
  about: "memory and statuses under many long prompts; or the prompt cache",
  options: {
    clients: { about: "number of clients", default: "16" },
    "prompt-tokens": {
      about: "length of each prompt in tokens",
      default: "7000",
    },
    tokens: { about: "tokens an answer", default: "8" },
    "kv-memory": { about: "KV_MEMORY of the server", default: "1GiB" },
    "prefix-cache": { about: "PREFIX_CACHE of the server", default: "off" },
    checkout: { about: "folder of another checkout to measure", default: "" },
    cache: {
      about:
        "instead: seconds of new prompts all the time, with PREFIX_CACHE=kv",
      default: "0",
    },
  },
  async run(values) {
    const clients = integer(values, "clients");
    const tokens = integer(values, "prompt-tokens");
    const { tokenizer } = await loadPrompts({
      prompts: "tests/prompts.jsonl",
      limit: "1",
    });
    const { write } = await longPrompts(tokenizer);
    const prompt = (index: number) =>
      write("What is this about?", { index, tokens });
    const env = { KV_MEMORY: values["kv-memory"], API_KEYS: "" };
    const seconds = integer(values, "cache", { least: 0 });
    if (seconds > 0) {
      return await cacheUnderLoad({ clients, seconds, env, prompt }, values);
    }
    await using server = await ServerProcess.start({
      ...env,
      PREFIX_CACHE: values["prefix-cache"],
    }, values);
    const maxTokens = integer(values, "tokens");
    await insist(server, { prompt: "Hello", maxTokens });
    const idle = (await server.memory()).now;
    await server.forgetPeak();
    let answered = 0;
    const outcomes = await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const outcome = await insist(server, {
          prompt: prompt(index),
          maxTokens,
        });
        console.error(`${++answered}/${clients} answered`);
        return outcome;
      }),
    );
    const after = await server.memory();
    return report({ idle, after, outcomes, values });
  },
};

/** Completes a prompt, and retries while the server is overloaded. */
async function insist(
  { origin }: ServerProcess,
  { prompt, maxTokens }: { prompt: string; maxTokens: number },
): Promise<Outcome> {
  const begun = performance.now();
  const statuses: number[] = [];
  while (true) {
    const response = await fetch(`${origin}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: CONFIG.models[0],
        prompt,
        max_tokens: maxTokens,
        temperature: 0,
      }),
    });
    await response.text();
    statuses.push(response.status);
    if (response.status !== 429) {
      return { statuses, seconds: (performance.now() - begun) / 1000 };
    }
    const ms = Number(response.headers.get("retry-after-ms") ?? 1000);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function report({ idle, after, outcomes, values }: {
  idle: number;
  after: { now: number; peak: number };
  outcomes: Outcome[];
  values: Record<string, string>;
}): Report {
  const more = (after.peak - idle) / MIB;
  const statuses = Map.groupBy(
    outcomes.flatMap(({ statuses }) => statuses),
    (status) => status,
  );
  const well = outcomes.every(({ statuses }) => statuses.at(-1) === 200);
  return {
    tables: [{
      title: `${outcomes.length} prompts of about ${
        values["prompt-tokens"]
      } tokens at once, KV_MEMORY ${values["kv-memory"]}`,
      header: [
        "MiB idle",
        "peak",
        "increase",
        "after",
        "seconds",
        "statuses",
        "all answered",
      ],
      rows: [[
        idle / MIB,
        after.peak / MIB,
        more,
        after.now / MIB,
        Math.max(...outcomes.map(({ seconds }) => seconds)),
        [...statuses].map(([status, all]) => `${all.length} × ${status}`)
          .join(", "),
        well ? "yes" : "no",
      ]],
    }],
    notes: [
      `Resident memory; idle is after one short request. With KV_MEMORY=1GiB the increase may be ${
        MOST_MORE.toFixed(0)
      } MiB.`,
      "No two prompts have a common prefix. After a 429 a client waits as long as the response says, then retries.",
    ],
    data: { idle, after, outcomes },
  };
}
