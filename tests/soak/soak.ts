/**
 * Mixed work for a server, for as long as one likes: streams that draft or don't, that
 * leave, that read whole answers, beside a KV that goes away and comes back. Each answer
 * is compared with the one that the same request got alone.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { uniform } from "../../lib/bita/choose/random.ts";
import { startSharedKv, TOKEN } from "../prefix/_shared_kv.ts";
import { ask, type Choice, isRight, type Reading } from "./answer.ts";
import { Gate } from "./gate.ts";
import type { Sample } from "./judge.ts";
import { Latencies, nextPause } from "./pace.ts";
import { type SoakRequest, soakRequests } from "./requests.ts";
import {
  type Leak,
  MODEL,
  processUsage,
  type SoakServer,
  startSoakServer,
} from "./server.ts";

/** How to soak. */
export interface SoakOptions {
  /** Seconds of mixed work. */
  seconds: number;
  /** The fewest samples, however long they take. @default 1 */
  samples?: number;
  /** Seconds between two samples. */
  every: number;
  /** Processor time of server and clients to aim at, in parts of one core's. */
  share: number;
  /** Seconds between two ends of the KV, which is away for a fifth of them. */
  kvEvery: number;
  leak?: Leak;
  /** Is called with each sample. */
  onSample?: (sample: Sample) => void;
}

/** Requests at once. */
const STREAMS = 8;

/** How answers are drafted, without a change of their text. */
const DRAFTS = ["auto", "auto", "ngram", "recycle", "none"];

/** Works, and returns what was seen. */
export async function soak(options: SoakOptions): Promise<Sample[]> {
  const { seconds, every, share: target, kvEvery, leak = "" } = options;
  const { samples: fewest = 1 } = options;
  await using kv = await startSharedKv();
  await using server = await startSoakServer(
    { url: kv.url, token: TOKEN },
    leak,
  );
  const work = new Work(server, await answersAlone(server));
  const over = new AbortController();
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  const streams = Array.from(
    { length: STREAMS },
    () => work.stream(over.signal),
  );
  const ticking = setInterval(() => work.latencies.look(), 1000);
  const restarts = restart(kv, kvEvery, over.signal);
  const samples: Sample[] = [];
  let cpu = (await processUsage("self")).cpuSeconds, at = elapsed();
  cpu += (await server.usage()).cpuSeconds;
  while (at < seconds || samples.length < fewest) {
    await delay(every * 1000);
    const { cpuSeconds, ...usage } = await work.gate.closed(() =>
      server.usage()
    );
    const own = (await processUsage("self")).cpuSeconds;
    const [cpuNow, now] = [cpuSeconds + own, elapsed()];
    const share = (cpuNow - cpu) / (now - at);
    [cpu, at] = [cpuNow, now];
    const sample: Sample = {
      seconds: now,
      requests: work.requests,
      ...usage,
      ...work.latencies.take(),
      wrong: work.wrong,
      failed: work.failed,
      late: work.late,
      share,
    };
    work.pauseMs = nextPause(work.pauseMs, { share, target });
    samples.push(sample);
    options.onSample?.(sample);
  }
  over.abort();
  clearInterval(ticking);
  await Promise.all([...streams, restarts]);
  if (work.failed > 0) console.error(server.log());
  return samples;
}

/** A request, and its answer without drafts, other requests and cached prompts. */
interface Known {
  request: SoakRequest;
  alone: Choice[];
}

async function answersAlone({ url }: SoakServer): Promise<Known[]> {
  const known: Known[] = [];
  for (const request of soakRequests(MODEL)) {
    const body = { ...request.body, draft: "none", cache_salt: "alone" };
    const alone = await unlessLate(() =>
      ask(url, { ...request, body }, { reading: "whole" })
    );
    known.push({ request, alone });
  }
  return known;
}

/** Asks again while the machine is too busy to compile a grammar in time. */
async function unlessLate<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isLate(error) || tries === 20) throw error;
    }
  }
}

/** Returns whether a request was refused as its grammar took too long to compile. */
function isLate(error: unknown): boolean {
  return String(error).includes("must be quick to compile");
}

/** The streams of a soak, and what they have seen. */
class Work {
  readonly gate = new Gate();
  readonly latencies = new Latencies(() => performance.now());
  pauseMs = 300;
  requests = 0;
  wrong = 0;
  failed = 0;
  late = 0;
  readonly #server: SoakServer;
  readonly #known: readonly Known[];
  #drawn = 0;

  constructor(server: SoakServer, known: readonly Known[]) {
    this.#server = server;
    this.#known = known;
  }

  /** Sends one request after the other until the signal. */
  async stream(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(-Math.log(1 - this.#draw()) * this.pauseMs, signal);
      if (!signal.aborted) await this.gate.pass(() => this.#one());
    }
  }

  async #one(): Promise<void> {
    const { request, alone } = this.#pick(this.#known);
    const reading: Reading = this.#draw() < 0.15
      ? 1 + Math.floor(this.#draw() * 12)
      : this.#pick(["whole", "streamed"]);
    const body = {
      ...request.body,
      draft: this.#pick(DRAFTS),
      // A third of the requests find nothing cached, and so fill and empty the caches.
      ...this.#draw() < 0.33 ? { cache_salt: `salt ${this.requests}` } : {},
      prompt_cache_retention: this.#pick(["24h", "in_memory"]),
    };
    const begun = performance.now();
    try {
      const answer = await ask(this.#server.url, { ...request, body }, {
        reading,
      });
      if (!isRight(answer, alone, reading)) {
        this.wrong++;
        console.error(
          "wrong",
          JSON.stringify({ body, reading, answer, alone }),
        );
      }
    } catch (error) {
      if (isLate(error)) this.late++;
      else {
        this.failed++;
        console.error("failed", JSON.stringify(body), error);
      }
    }
    this.requests++;
    this.latencies.add(begun);
  }

  #draw(): number {
    return uniform(19, this.#drawn++);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#draw() * list.length)];
  }
}

async function restart(
  kv: { stop(): Promise<void>; start(): Promise<void> },
  every: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(every * 800, signal);
    await kv.stop();
    await pause(every * 200, signal);
    await kv.start();
  }
}

/** Waits, or until the signal. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, { signal }).catch(() => {});
}
