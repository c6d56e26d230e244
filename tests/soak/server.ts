/**
 * The server of a soak: the whole one, with a tiny model, a small cache and a shared KV.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { startServer, taskArguments } from "../server/_server.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

/** The model's id. */
export const MODEL = "tiny";

/** What leaks on purpose; nothing if it is empty. */
export type Leak = "" | "memory" | "descriptors" | "both";

/** What a process uses. */
export interface Usage {
  /** Resident memory, in bytes. */
  rss: number;
  /** JavaScript heap of the main thread after a collection, in bytes. */
  heap: number;
  descriptors: number;
  threads: number;
  /** Processor time since its start, in seconds. */
  cpuSeconds: number;
}

/** A running server; leaving its scope ends it. */
export interface SoakServer extends AsyncDisposable {
  url: string;
  /** What it has logged of failures. */
  log(): string;
  /** Reads what it uses, from `/proc`. */
  usage(): Promise<Usage>;
}

/** As `deno task start` sets it. */
const ALLOCATOR = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1";

/** Starts a server that keeps prompts at a KV. */
export async function startSoakServer(
  kv: { url: string; token: string },
  leak: Leak,
): Promise<SoakServer> {
  const folder = await Deno.makeTempDir();
  const gguf = `${folder}/${MODEL}.gguf`;
  const heapFile = `${folder}/heap`;
  await Deno.writeTextFile(heapFile, "");
  await writeTinyGguf(gguf, { seed: 1, context: 4096 });
  const [run, ...rest] = taskArguments();
  const preload = ["--v8-flags=--expose-gc", "--preload=tests/soak/preload.ts"];
  const server = await startServer({
    MODEL: gguf,
    CACHE_DIR: folder,
    LOG_LEVEL: "error",
    THREADS: "2",
    PREFIX_MEMORY: "16",
    PREFIX_DISK: "16",
    PARALLEL: "8",
    KV_URL: kv.url,
    DENO_KV_ACCESS_TOKEN: kv.token,
    SOAK_HEAP: heapFile,
    SOAK_LEAK: leak,
    GLIBC_TUNABLES: ALLOCATOR,
  }, { args: [run, ...preload, ...rest] });
  return {
    url: server.url,
    log: server.complaint,
    async usage() {
      await Deno.remove(heapFile);
      server.signal("SIGUSR2");
      const heap = Number(await untilWritten(heapFile));
      return { ...await processUsage(server.pid), heap };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function untilWritten(path: string): Promise<string> {
  for (let tries = 0; tries < 6000; tries++) {
    try {
      return await Deno.readTextFile(path);
    } catch {
      await delay(10);
    }
  }
  throw new Error(
    "Cannot read the heap's size: an answer within a minute is required: received none",
  );
}

/** Reads what any process uses, its heap apart; `"self"` is this one. */
export async function processUsage(
  pid: number | "self",
): Promise<Omit<Usage, "heap">> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  // The name of the program, in brackets, may hold spaces; utime is 12 fields after it.
  const after = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let descriptors = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) descriptors++;
  return {
    rss: field("VmRSS") * 1024,
    threads: field("Threads"),
    descriptors,
    cpuSeconds: (Number(after[11]) + Number(after[12])) / 100,
  };
}
