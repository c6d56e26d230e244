/**
 * Memory of a server whose prompt cache is full: requests without a common prefix, many
 * times what the cache may hold.
 *
 * @module
 */

import {
  type Benchmark,
  integer,
  progress,
  type Report,
} from "../benchmark.ts";
import { ServerProcess } from "../serve/server_process.ts";

const MIB = 1 << 20;

/** Requests before the first sample, with prompts too short to be cached. */
const WARM_UP = 300;

/** Memory of the server after a number of requests. */
interface Sample {
  requests: number;
  /** Resident memory in bytes. */
  resident: number;
  /** Bytes of cached blocks in memory, from `/metrics`. */
  cached: number;
}

/** Measures resident memory while the cache replaces its blocks. */
export const memory: Benchmark = {
  about: "resident memory while new prompts pass through the prompt cache",
  options: {
    requests: { about: "number of prompts", default: "2000" },
    cap: { about: "MiB that cached prompts may take", default: "128" },
  },
  async run(values): Promise<Report> {
    const requests = integer(values, "requests");
    const cap = integer(values, "cap");
    const folder = await Deno.makeTempDir();
    const samples: Sample[] = [];
    try {
      await using server = await ServerProcess.start({
        PREFIX_CACHE: "kv",
        KV_PATH: `${folder}/kv.sqlite`,
        PREFIX_MEMORY: String(cap),
        PREFIX_DISK: String(cap),
        CONTEXT: "512",
      });
      for (let n = 1; n <= WARM_UP; n++) {
        await complete(server, `Count ${n}`, { cached: false });
      }
      for (let done = 0; done <= requests; done++) {
        if (done > 0) {
          await complete(server, longPrompt(done), { cached: true });
        }
        if (done % 100 === 0) {
          progress(done, requests, "prompts");
          samples.push({ requests: done, ...await watch(server) });
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    const [{ resident }] = samples;
    const most = Math.max(...samples.map((sample) => sample.resident));
    return {
      tables: [{
        title: `A server whose cache may take ${cap} MiB`,
        header: ["prompts", "MiB", "increase", "cached blocks"],
        rows: samples.filter(shown).map((sample) => [
          String(sample.requests),
          sample.resident / MIB,
          (sample.resident - resident) / MIB,
          sample.cached / MIB,
        ]),
      }],
      notes: [
        `At most ${
          ((most - resident) / MIB).toFixed(0)
        } MiB more than after ${WARM_UP} prompts too short to be cached; sampled every 100 prompts.`,
      ],
      data: samples,
    };
  },
};

/** Writes a prompt longer than a block, with a beginning of its own. */
function longPrompt(n: number): string {
  return `${n * 7919 % 100003} of ${n} and ${n * 31} and ${n * 17} to ${n}`;
}

/**
 * Sends a prompt and checks that it is long enough to be cached, or too short.
 *
 * @throws {Error} if it is not, or if the server answers with an error.
 */
async function complete(
  { origin }: ServerProcess,
  prompt: string,
  { cached }: { cached: boolean },
): Promise<void> {
  const response = await fetch(`${origin}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "smollm2-135m-instruct",
      prompt,
      max_tokens: 1,
      temperature: 0,
      prompt_cache_retention: "24h",
    }),
  });
  const { usage } = await response.json();
  if (response.ok && usage.prompt_tokens > 16 === cached) return;
  throw new Error(
    `Cannot complete a prompt: ${
      cached ? "a block of tokens or more" : "less than a block of tokens"
    } is required: received ${usage?.prompt_tokens}`,
  );
}

async function watch(server: ServerProcess): Promise<Omit<Sample, "requests">> {
  return {
    resident: (await server.memory()).now,
    cached: await server.metric("bita:prefix_memory_bytes"),
  };
}

/** Selects the samples to print: early ones, then every thousandth prompt. */
function shown({ requests }: Sample): boolean {
  return [100, 200, 500].includes(requests) || requests % 1000 === 0;
}
