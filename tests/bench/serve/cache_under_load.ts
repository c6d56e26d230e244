/**
 * The prompt cache of a server that always has a prompt to compute: how many blocks
 * reach Deno KV, and how long erasing them takes.
 *
 * @module
 */

import { CONFIG } from "../../real_model.ts";
import { progress, type Report } from "../benchmark.ts";
import { ServerProcess } from "./server_process.ts";

const ADMIN_KEY = "the-operator";

/** The most milliseconds that erasing may take. */
const MOST_ERASE_MS = 1000;

/** Milliseconds after which the erasure is given up. */
const PATIENCE_MS = 30_000;

/** Counts of blocks from `/metrics`, and seconds since the start. */
interface Sample {
  seconds: number;
  written: number;
  dropped: number;
}

/** Keeps `clients` busy for `seconds`, always with new prompts, then erases the cache. */
export async function cacheUnderLoad(
  { clients, seconds, env, prompt }: {
    clients: number;
    seconds: number;
    env: Record<string, string>;
    /** Writes a prompt with a beginning of its own. */
    prompt: (index: number) => string;
  },
  { checkout = "" }: { checkout?: string },
): Promise<Report> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await ServerProcess.start({
      ...env,
      PREFIX_CACHE: "kv",
      KV_PATH: `${folder}/kv.sqlite`,
      PREFIX_DISK: "4096",
      ADMIN_KEY,
    }, { checkout });
    const load = keepBusy(server, { clients, prompt });
    const samples = await watch(server, seconds);
    const erased = await erase(server);
    const { answered, statuses } = await load.stop();
    const last = samples.at(-1)!;
    return {
      tables: [{
        title: `${clients} clients that always have a prompt in prefill`,
        header: [
          "seconds",
          "prompts",
          "blocks written",
          "dropped",
          "ms to erase",
          "status",
          "blocks erased",
        ],
        rows: [[
          last.seconds,
          answered,
          last.written,
          last.dropped,
          erased.ms,
          erased.status,
          erased.blocks,
        ]],
      }],
      notes: [
        `The cache was erased under load; that may take ${MOST_ERASE_MS} ms. Statuses of the prompts: ${
          statuses.join(", ") || "none"
        }.`,
        "Blocks written: " +
        samples.map(({ seconds, written }) =>
          `${written} at ${seconds.toFixed(0)} s`
        ).join(", ") + ".",
      ],
      data: { samples, erased, answered, statuses },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts the clients; `stop` aborts their requests. */
function keepBusy(
  { origin }: ServerProcess,
  { clients, prompt }: { clients: number; prompt: (index: number) => string },
) {
  const leaving = new AbortController();
  const statuses = new Set<number>();
  let next = 0;
  let answered = 0;
  async function client(): Promise<void> {
    while (!leaving.signal.aborted) {
      const response = await fetch(`${origin}/v1/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: CONFIG.models[0],
          prompt: prompt(next++),
          max_tokens: 1,
          temperature: 0,
          prompt_cache_retention: "24h",
        }),
        signal: leaving.signal,
      });
      await response.text();
      statuses.add(response.status);
      answered++;
    }
  }
  const all = Array.from({ length: clients }, () =>
    client().catch((error) => {
      if (!leaving.signal.aborted) throw error;
    }));
  return {
    async stop() {
      leaving.abort();
      await Promise.all(all);
      return { answered, statuses: [...statuses] };
    },
  };
}

/** Reads the metrics ten times in `seconds`. */
async function watch(
  server: ServerProcess,
  seconds: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const begun = performance.now();
  for (let i = 1; i <= 10; i++) {
    const until = begun + i * seconds * 100;
    await new Promise((resolve) =>
      setTimeout(resolve, until - performance.now())
    );
    const read = (name: string) => server.metric(`bita:prefix_${name}_total`);
    samples.push({
      seconds: (performance.now() - begun) / 1000,
      written: await read("written"),
      dropped: await read("dropped"),
    });
    progress(i, 10, `${samples.at(-1)!.written} blocks written`);
  }
  return samples;
}

/** Erases all prompts under load; the status is `"none"` after 30 seconds. */
async function erase(
  { origin }: ServerProcess,
): Promise<{ ms: number; status: string; blocks?: number }> {
  const begun = performance.now();
  try {
    const response = await fetch(`${origin}/admin/cache`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { blocks } = await response.json();
    const ms = performance.now() - begun;
    return { ms, status: String(response.status), blocks };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return { ms: performance.now() - begun, status: "none" };
  }
}
