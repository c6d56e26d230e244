/**
 * `deno serve edge.ts` as a serverless host runs it: no flags of Deno but permissions, and
 * a limit of memory where this machine allows one.
 *
 * @module
 */

import { SETTINGS } from "../../lib/config/settings.ts";
import { limitMemory, type MemoryLimit } from "./_memory_limit.ts";

/** Memory of an instance, in bytes. */
const MEMORY = 768 * 2 ** 20;

/** Milliseconds between SIGINT and SIGKILL. */
const KILL_MS = 5000;

/** A running instance; disposing of it stops it as the host does. */
export interface Instance extends AsyncDisposable {
  url: string;
  /** Sends SIGINT, and after five seconds SIGKILL; returns the exit code. */
  stop(): Promise<number>;
  /** All that it has written to its standard output and error. */
  output(): string;
}

/** What starts instances. */
export interface Serverless extends Disposable {
  /** Starts an instance, and waits until it listens. */
  start(): Promise<Instance>;
  /** What limits the memory of all of them together. */
  limit: MemoryLimit;
}

/** Prepares a host whose instances have the variables `env`. */
export function serverless(env: Record<string, string>): Serverless {
  const folder = Deno.makeTempDirSync();
  const { imports, compilerOptions } = JSON.parse(
    Deno.readTextFileSync("deno.json"),
  );
  const config = `${folder}/deno.json`;
  Deno.writeTextFileSync(config, JSON.stringify({ imports, compilerOptions }));
  const limit = limitMemory(MEMORY);
  const variables = { ...UNSET, API_KEYS: "none", ...env };

  async function start(): Promise<Instance> {
    const serve =
      `serve -A --config ${config} --lock deno.lock --host 127.0.0.1 --port 0`;
    const child = new Deno.Command("bash", {
      args: [
        "-c",
        `${limit.enter} exec ${Deno.execPath()} ${serve} edge.ts 2>&1`,
      ],
      env: { ...variables, DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    let output = "";
    const listening = Promise.withResolvers<string>();
    const read = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          output += text;
          const [, url] = /Listening on (http:\S+)\//.exec(output) ?? [];
          if (url) listening.resolve(url);
        },
        close: () => listening.reject(new Error(`It left: ${output}`)),
      }),
    );
    let stopped = false;
    async function stop(): Promise<number> {
      if (!stopped) child.kill("SIGINT");
      stopped = true;
      const timer = setTimeout(() => child.kill("SIGKILL"), KILL_MS);
      const { code } = await child.status;
      clearTimeout(timer);
      await read;
      return code;
    }
    return {
      url: await listening.promise,
      stop,
      output: () => output,
      async [Symbol.asyncDispose]() {
        await stop();
      },
    };
  }
  return {
    start,
    limit,
    [Symbol.dispose]() {
      Deno.removeSync(folder, { recursive: true });
      limit[Symbol.dispose]();
    },
  };
}

/** Every setting, empty, whatever the person who tests has set. */
const UNSET: Record<string, string> = Object.fromEntries(
  Object.keys(SETTINGS).map((name) => [name, ""]),
);
