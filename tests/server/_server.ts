/**
 * The whole server as its users start it: a process of its own on a free port.
 *
 * @module
 */

import { SETTINGS } from "../../lib/config/settings.ts";

const ROOT = new URL("../../", import.meta.url);

/** How to start it: variables by name, all others as if not set. */
export type Environment = Record<string, string>;

/** A server whose models are open; disposing of it kills it. */
export interface RunningServer {
  /** Its origin, without a slash at the end. */
  url: string;
  /** Its process. */
  pid: number;
  /** The command that it shows to try it. */
  curl: string;
  /** Milliseconds from its start until it listened. */
  listenMs: number;
  /** Milliseconds from its start until its models were open. */
  startMs: number;
  /** What it has logged so far, a record a line. */
  log(): Record<string, unknown>[];
  /** All that it has written to its standard error. */
  complaint(): string;
  signal(signal: Deno.Signal): void;
  /** Sends a signal that it leaves upon; returns its exit code. */
  stop(signal: Deno.Signal): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to start it other than its task does. */
export interface StartOptions {
  /** Arguments of Deno, instead of the task's. */
  args?: string[];
  /** A module of `faults/` that runs before the server. */
  preload?: string;
  /** Where its outputs go, as bash writes it, such as `">/dev/full"`. */
  redirect?: string;
}

/**
 * Starts the server, as its task does or otherwise, and waits until its models are open,
 * or until it listens if it is to open them later.
 */
export async function startServer(
  env: Environment = {},
  options: StartOptions = {},
): Promise<RunningServer> {
  const before = performance.now();
  const child = command(env, [], options).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  let complaint = "";
  const complaints = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (text) => void (complaint += text) }));
  const signal = (signal: Deno.Signal) => child.kill(signal);
  async function stop(last: Deno.Signal): Promise<number> {
    signal(last);
    const { code } = await child.status;
    await complaints;
    return code;
  }
  async function kill(): Promise<void> {
    await stop("SIGKILL").catch(() => {}); // it may have left by itself
    await Promise.all([output.cancel(), complaints]);
  }
  const log = () =>
    complaint.trim().split("\n").map((line) => JSON.parse(line));
  const models = env.LOAD === "lazy" ? 0 : (env.MODEL ?? "").split(",").length;
  let said = "", listenMs = NaN;
  for await (const text of output.values({ preventCancel: true })) {
    said += text;
    const [, url, curl] = said.match(/^Listening on (\S+); try:\n\n(.+)\n/m) ??
      [];
    if (url === undefined) continue;
    listenMs ||= performance.now() - before;
    const opened = said.match(/^\S+: \w+, \w+ weights/gm)?.length ?? 0;
    if (opened < models) continue;
    const startMs = performance.now() - before;
    return {
      url,
      pid: child.pid,
      curl,
      listenMs,
      startMs,
      log,
      signal,
      stop,
      complaint: () => complaint,
      [Symbol.asyncDispose]: kill,
    };
  }
  const { code } = await child.status;
  await complaints;
  throw new Error(`The server left with ${code} instead: ${complaint}`);
}

/** Starts the server where it must leave by itself. */
export async function runServer(
  env: Environment,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command(env, args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Builds the command of `deno task start`, with the task's permissions. */
export function command(
  env: Environment,
  args: string[] = [],
  { args: start = taskArguments(), preload, redirect }: StartOptions = {},
): Deno.Command {
  const [run, ...rest] = start;
  const first = preload === undefined
    ? [run]
    : [run, "--preload", `tests/server/faults/${preload}`];
  return denoCommand(env, [...first, ...rest, ...args], redirect);
}

/** Returns the arguments of Deno in `deno task start`. */
export function taskArguments(): string[] {
  const { tasks } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const words: string[] = tasks.start.command.split(" ");
  return words.slice(words.indexOf("deno") + 1);
}

function denoCommand(
  env: Environment,
  args: string[],
  redirect = "",
): Deno.Command {
  return new Deno.Command("bash", {
    args: ["-c", `exec "$0" "$@" ${redirect}`, Deno.execPath(), ...args],
    cwd: ROOT,
    env: {
      ...UNSET,
      CACHE_DIR: Deno.env.get("CACHE_DIR") ?? "",
      PORT: "0",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Every setting, empty, whatever the person who tests has set. */
const UNSET: Environment = Object.fromEntries(
  Object.keys(SETTINGS).map((name) => [name, ""]),
);
