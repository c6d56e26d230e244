/**
 * The real server in a process of its own, started as an operator starts it.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The folder of this checkout. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Milliseconds without a change after which a server is as it stays. */
const SETTLED_MS = 3000;

/** Resident memory in bytes. */
export interface ResidentMemory {
  now: number;
  /** That of it which is no page of a file, such as the program's or of mapped weights. */
  anonymous: number;
  /** The most since the start, or since {@linkcode ServerProcess.forgetPeak}. */
  peak: number;
}

/** What a server holds at a moment. */
export interface Holdings {
  /** Resident memory in bytes. */
  resident: number;
  /** That of it which is no page of a file. */
  anonymous: number;
  threads: number;
  descriptors: number;
}

/** A running server; leaving its scope ends it. */
export class ServerProcess implements AsyncDisposable {
  /** Such as `"http://127.0.0.1:8000"`. */
  readonly origin: string;
  readonly pid: number;
  /** Milliseconds from its start until it listened. */
  readonly listenMs: number;
  #child: ChildProcess;

  private constructor(child: ChildProcess, origin: string, listenMs: number) {
    this.#child = child;
    this.pid = child.pid!;
    this.origin = origin;
    this.listenMs = listenMs;
  }

  /**
   * Starts a server on a free port, with `env` added to the environment of this process.
   *
   * `checkout` is the folder of another checkout whose server to start; `""` is this one.
   *
   * Its models are open then, and share passes as they will.
   *
   * @throws {Error} if the server ends before it listens.
   */
  static async start(
    env: Record<string, string>,
    { checkout = "" }: { checkout?: string } = {},
  ): Promise<ServerProcess> {
    const before = performance.now();
    const child = spawn(Deno.execPath(), ["run", "-A", "main.ts"], {
      cwd: checkout || ROOT,
      env: {
        ...Deno.env.toObject(),
        HOST: "127.0.0.1",
        PORT: "0",
        LOG_LEVEL: "error",
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const lines = createInterface({ input: child.stdout! });
    lines.on("line", (line) => {
      const origin = /Listening on (http:\S+);/.exec(line)?.[1];
      if (origin) resolve(origin);
    });
    lines.on("close", () =>
      reject(
        new Error("Cannot start the server: it must listen: received its end"),
      ));
    const origin = await promise;
    const listenMs = performance.now() - before;
    const server = new ServerProcess(child, origin, listenMs);
    await server.#opened();
    return server;
  }

  /** Waits until the models are open, and no more sequences come to share passes. */
  async #opened(): Promise<void> {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
    while (!await this.#answersReady()) await pause();
    let shared = "";
    for (
      let since = performance.now();
      performance.now() - since < SETTLED_MS;
    ) {
      await pause();
      const health = await (await fetch(`${this.origin}/health`)).text();
      const now = [...health.matchAll(/"sequences_per_pass":(\d+)/g)].join();
      if (now !== shared) since = performance.now();
      shared = now;
    }
  }

  async #answersReady(): Promise<boolean> {
    const response = await fetch(`${this.origin}/ready`);
    await response.body?.cancel();
    return response.ok;
  }

  /**
   * Reads the resident memory of the server from `/proc`.
   *
   * @throws {Deno.errors.NotFound} if the system is not Linux.
   */
  async memory(): Promise<ResidentMemory> {
    const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
    const bytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) *
      1024;
    return {
      now: bytes("VmRSS"),
      anonymous: bytes("RssAnon"),
      peak: bytes("VmHWM"),
    };
  }

  /** Reads what the server holds, of which a leak would make more and more. */
  async holdings(): Promise<Holdings> {
    const count = (kind: string) =>
      [...Deno.readDirSync(`/proc/${this.pid}/${kind}`)].length;
    const { now: resident, anonymous } = await this.memory();
    return {
      resident,
      anonymous,
      threads: count("task"),
      descriptors: count("fd"),
    };
  }

  /** Resets the peak of {@linkcode memory} to the present value. */
  async forgetPeak(): Promise<void> {
    await Deno.writeTextFile(`/proc/${this.pid}/clear_refs`, "5");
  }

  /** Reads a value from `/metrics`; 0 if it is missing. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.origin}/metrics`)).text();
    const sample = new RegExp(`^${name}(?:{.*})? (\\S+)`, "m").exec(text);
    return Number(sample?.[1] ?? 0);
  }

  /** Ends the server and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.kill();
    await closed;
  }
}
