/**
 * Cold starts, as a serverless host sees them: from the start of the process to the first
 * token of a request that is sent as soon as the server listens.
 *
 * @module
 */

import { dirname } from "node:path";
import { delay } from "@std/async/delay";
import { chooseBackend } from "../../../lib/runtime/choose_backend.ts";
import { Tokenizer } from "../../../lib/text/tokenizer.ts";
import { ggufVocabulary } from "../../../models/gguf/vocabulary.ts";
import { writeIndex } from "../../../models/graph_store.ts";
import {
  ADAPTER,
  CONFIG,
  formatOn,
  realArtefact,
  realGguf,
} from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
  someOf,
} from "../benchmark.ts";
import { longPrompts } from "../prompts.ts";
import { median } from "../statistics.ts";
import { streamChat } from "../serve/chat_stream.ts";
import { type ObjectStore, startStore } from "./object_store.ts";
import { ServerProcess } from "../serve/server_process.ts";

const MODEL = "smollm2-135m-instruct";

const QUESTION = "What is the capital of France?";

const MB = 1e6;

/** Tokens of a block of cached prompts. */
const BLOCK = 16;

/** Milliseconds in which some blocks are written. */
const WRITE_MS = 1000;

/** Times since the start of a process, in milliseconds. */
interface Start {
  listenMs: number;
  readyMs: number;
  firstMs: number;
  /** Tokens of the prompt, and how many of them were cached. */
  promptTokens: number;
  cachedTokens: number;
}

/** What a server finds when it starts, and what it is asked. */
interface Case {
  env: Record<string, string>;
  request: Record<string, unknown>;
  /** Whether each start finds an empty folder of caches. */
  isBare?: boolean;
}

/** Prepares a case in an empty folder. */
type Prepare = (folder: string, store: ObjectStore) => Promise<Case>;

const CASES: Record<string, { about: string; prepare: Prepare }> = {
  disk: {
    about: "graphs on disk",
    prepare: () =>
      Promise.resolve({
        env: { PREFIX_CACHE: "off" },
        request: chat(QUESTION),
      }),
  },
  kv: { about: "and a prompt of 1,000 tokens in Deno KV", prepare: fillKv },
  store: {
    about: "nothing; the model file in an object store",
    prepare: (_, { env }) => Promise.resolve(bare(env)),
  },
  graphs: {
    about: "nothing; the model file and its graphs in an object store",
    prepare: (_, { graphsEnv }) => Promise.resolve(bare(graphsEnv)),
  },
};

/** Measures cold starts. */
export const cold: Benchmark = {
  about: "process start to listening, to an open model, to the first token",
  options: {
    repeat: { about: "starts of each case", default: "10" },
    cases: {
      about: `some of ${Object.keys(CASES).join(",")}`,
      default: Object.keys(CASES).join(),
    },
    bandwidth: { about: "MB a second of the object store", default: "100" },
  },
  async run(options): Promise<Report> {
    const repeat = integer(options, "repeat", { least: 1 });
    const bandwidth = integer(options, "bandwidth", { least: 1 });
    const { path } = await realGguf();
    const backend = await chooseBackend(CONFIG.backend);
    const { folder: graphs } = await realArtefact(formatOn(backend), {
      adapter: ADAPTER,
    });
    await writeIndex(graphs);
    await using store = await startStore(path, {
      graphs: dirname(graphs),
      bytesPerSecond: bandwidth * MB,
    });
    const all: Record<string, Start[]> = {};
    for (const name of someOf(options.cases, Object.keys(CASES))) {
      const folder = await Deno.makeTempDir();
      const prepared = await CASES[name].prepare(folder, store);
      if (!prepared.isBare) await measure(prepared); // converts the model
      const starts: Start[] = all[name] = [];
      for (let i = 1; i <= repeat; i++) {
        progress(i, repeat, `starts, ${name}`);
        starts.push(await measure(prepared));
      }
      await Deno.remove(folder, { recursive: true });
    }
    const rows = Object.entries(all).map(([name, starts]) => {
      const of = (time: (start: Start) => number) => median(starts.map(time));
      return [
        CASES[name].about,
        of(({ promptTokens }) => promptTokens),
        of(({ cachedTokens }) => cachedTokens),
        of(({ listenMs }) => listenMs),
        of(({ readyMs }) => readyMs),
        of(({ firstMs }) => firstMs),
        of(({ firstMs, readyMs }) => firstMs - readyMs),
      ];
    });
    const header = [
      ...["found at the start", "prompt", "cached tokens"],
      ...["listening, ms", "model open", "first token", "after it was open"],
    ];
    return {
      tables: [{ title: "Cold starts, medians", header, rows }],
      notes: [
        `${repeat} starts of each, the files in the system's cache.`,
        `The store sends ${bandwidth} MB a second at most, of a model file of ${
          Math.round(store.bytes / MB)
        } MB and of its graphs.`,
      ],
      data: all,
    };
  },
};

/** Starts without anything on the disk. */
function bare(env: Record<string, string>): Case {
  return {
    env: { PREFIX_CACHE: "off", START_SECONDS: "600", ...env },
    request: chat(QUESTION),
    isBare: true,
  };
}

function chat(content: string): Record<string, unknown> {
  return {
    model: MODEL,
    temperature: 0,
    max_tokens: 8,
    messages: [{ role: "user", content }],
  };
}

/** Has one server compute a long prompt, and store it where the next one finds it. */
async function fillKv(folder: string): Promise<Case> {
  const { metadata } = await realGguf();
  const tokenizer = new Tokenizer(ggufVocabulary(metadata));
  const { write } = await longPrompts(tokenizer);
  const env = { PREFIX_CACHE: "kv", KV_PATH: `${folder}/kv.sqlite` };
  const request = {
    ...chat(write(QUESTION, { index: 0, tokens: 1000 })),
    prompt_cache_retention: "24h",
  };
  await using server = await ServerProcess.start(env);
  const ask = async () =>
    (await streamChat(server.origin, request, { now: () => 0 })).timings;
  const blocks = Math.floor((await ask()).prompt_n / BLOCK);
  // More of them wait to be written each time, as the queue is a small one.
  while (await server.metric("bita:prefix_written_total") < blocks) {
    await delay(WRITE_MS);
    await ask();
  }
  return { env, request };
}

/** Starts a server, sends it a request at once, and ends it. */
async function measure({ env, request, isBare }: Case): Promise<Start> {
  const bare = isBare ? await Deno.makeTempDir() : undefined;
  const start = performance.now();
  const since = () => performance.now() - start;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts"],
    env: {
      PORT: "0",
      LOG_LEVEL: "error",
      ...bare !== undefined && { CACHE_DIR: bare },
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const listening = Promise.withResolvers<string>();
  let said = "", listenMs = 0, readyMs = 0;
  const output = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(text) {
        said += text;
        const [, origin] = /Listening on (\S+);/.exec(said) ?? [];
        if (origin) listenMs ||= since();
        if (/^\S+: \w+, \w+ weights/m.test(said)) readyMs ||= since();
        if (origin) listening.resolve(origin);
      },
      close: () =>
        listening.reject(new Error("The server ended before it listened")),
    }),
  );
  try {
    const origin = await listening.promise;
    const { times: [firstMs], timings } = await streamChat(origin, request, {
      now: since,
    });
    const { prompt_n, cache_n } = timings;
    return {
      listenMs,
      readyMs,
      firstMs,
      promptTokens: prompt_n + cache_n,
      cachedTokens: cache_n,
    };
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.status, output]);
    if (bare !== undefined) await Deno.remove(bare, { recursive: true });
  }
}
