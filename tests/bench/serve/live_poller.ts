/**
 * Polls `GET /live` in a process of its own, so that the benchmark's other requests and
 * garbage collections add nothing to the latency.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { JsonLines } from "../llama/json_lines.ts";

/** Milliseconds between requests. */
export const POLL_MS = 20;

/** The requests of a poller, in the order of sending. */
export interface Polled {
  /** Latency of each request in milliseconds. */
  live: number[];
  /** Milliseconds that each request was sent late: what the machine adds to a latency. */
  late: number[];
}

/** A process that polls a server; leaving its scope ends it. */
export class LivePoller implements AsyncDisposable {
  #child: JsonLines;

  private constructor(child: JsonLines) {
    this.#child = child;
  }

  /** Returns after the first response. */
  static async start(origin: string): Promise<LivePoller> {
    const file = fileURLToPath(import.meta.url);
    const child = new JsonLines(Deno.execPath(), ["run", "-A", file, origin]);
    await child.receive();
    return new LivePoller(child);
  }

  /** Ends the polling and waits for the last response. */
  async stop(): Promise<Polled> {
    this.#child.send("stop");
    return await this.#child.receive();
  }

  /** Ends the process. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

/** Sends a request every 20 ms, without waiting for responses, until `stopped`. */
async function poll(
  request: () => Promise<unknown>,
  stopped: Promise<unknown>,
): Promise<Polled> {
  const answered: Promise<number>[] = [];
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const begun = performance.now();
    late.push(Math.max(0, begun - last - POLL_MS));
    last = begun;
    answered.push(request().then(() => performance.now() - begun));
  }, POLL_MS);
  await stopped;
  clearInterval(timer);
  return { live: await Promise.all(answered), late };
}

if (import.meta.main) {
  const request = () =>
    fetch(`${Deno.args[0]}/live`).then((response) => response.text());
  await request();
  console.log(JSON.stringify("ready"));
  const stopped = Deno.stdin.readable.getReader().read();
  console.log(JSON.stringify(await poll(request, stopped)));
  Deno.exit();
}
