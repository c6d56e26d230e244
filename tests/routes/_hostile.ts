/**
 * The HTTP side in a process of its own, with few descriptors, and peers that mean it harm.
 * As a program it serves a toy and prints its port.
 *
 * @module
 */

import { createApp } from "../../routes/app.ts";
import { listen } from "../../routes/listen.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat } from "./_serve.ts";

/** Descriptors of the process. */
const DESCRIPTORS = 256;

/** Attempts of an honest client, and the milliseconds of each. */
const MOST_TRIES = 24;
const PATIENCE = 5000;

/** A server that is attacked; leaving its scope ends it and all connections to it. */
export interface Attacked extends AsyncDisposable {
  /** Opens connections and sends a text on each; what is answered is never read. */
  connect(count: number, text: string): Promise<void>;
  /** Asks as an honest client does, which tries again; returns the answer and the seconds. */
  ask(): Promise<{ text: string; seconds: number }>;
  /** Returns the status line that a text is answered with. */
  statusOf(text: string): Promise<string>;
  /** Returns the memory of the process in MiB. */
  memory(): number;
}

/** Starts the server. */
export async function attacked(): Promise<Attacked> {
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `ulimit -n ${DESCRIPTORS}; exec "$0" run -A --no-check "$1"`,
      Deno.execPath(),
      new URL(import.meta.url).pathname,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await output.read()).value);
  const to = { hostname: "127.0.0.1", port };
  const open: Deno.Conn[] = [];

  /** Connects and sends a text, as far as the other side takes it. */
  async function send(text: string): Promise<Deno.Conn> {
    const socket = await Deno.connect(to);
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) {
      const more = await socket.write(bytes.subarray(sent)).catch(() => 0);
      if (more === 0) break;
      sent += more;
    }
    return socket;
  }
  return {
    async connect(count, text) {
      for (let i = 0; i < count; i++) open.push(await send(text));
    },
    async ask() {
      const before = performance.now();
      // A client of its own, as connections that are kept may be closed for others.
      using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
      for (let tries = 1;; tries++) {
        try {
          const response = await fetch(
            `http://127.0.0.1:${port}/v1/chat/completions`,
            {
              ...chat({ max_tokens: 4 }),
              client,
              signal: AbortSignal.timeout(PATIENCE),
            },
          );
          const { choices } = await response.json();
          const seconds = (performance.now() - before) / 1000;
          return { text: choices[0].message.content, seconds };
        } catch (error) {
          if (tries === MOST_TRIES) throw error;
          await new Promise((go) => setTimeout(go, 250)); // as clients do
        }
      }
    },
    async statusOf(text) {
      using socket = await send(text);
      const buffer = new Uint8Array(64);
      const read = await socket.read(buffer).catch(() => null) ?? 0;
      return new TextDecoder().decode(buffer.subarray(0, read)).split("\r")[0];
    },
    memory() {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.close();
      child.kill("SIGKILL");
      await child.status;
      await output.cancel();
    },
  };
}

if (import.meta.main) {
  const app = createApp({
    engines: [toyEngine({ text: "word ".repeat(500) })],
    logFailure() {},
  });
  const { addr } = await listen((request) => app.fetch(request), {
    hostname: "127.0.0.1",
    port: 0,
    headMs: 1000,
    requestMs: 2000,
    stallMs: 1000,
  });
  console.log(addr.port);
}
