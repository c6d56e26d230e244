/**
 * The whole server as its users start it: a process of its own on a free port.
 *
 * @module
 */

import { settings } from "../../lib/config/config.ts";

const ROOT = new URL("../../", import.meta.url);

/** How to start it: variables by name, all others as if not set. */
export type Environment = Record<string, string>;

/** A server that has said where it listens; disposing of it kills it. */
export interface RunningServer {
  /** Its origin, without a slash at the end. */
  url: string;
  /** The command that it shows to try it. */
  curl: string;
  /** Milliseconds from its start until it listened. */
  startMs: number;
  /** What it has logged so far, a record a line. */
  log(): Record<string, unknown>[];
  /** Asks it to leave; gives its exit code. */
  stop(signal: Deno.Signal): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the server, as its task does or with `args`, and waits until it listens. */
export async function startServer(
  env: Environment = {},
  args: string[] = taskArguments(),
): Promise<RunningServer> {
  const before = performance.now();
  const child = denoCommand(env, args).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  let complaint = "";
  const complaints = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: (text) => void (complaint += text) }));
  async function stop(signal: Deno.Signal): Promise<number> {
    child.kill(signal);
    return (await child.status).code;
  }
  async function kill(): Promise<void> {
    await stop("SIGKILL").catch(() => {}); // it may have left by itself
    await Promise.all([output.cancel(), complaints]);
  }
  const log = () =>
    complaint.trim().split("\n").map((line) => JSON.parse(line));
  let said = "";
  for await (const text of output.values({ preventCancel: true })) {
    said += text;
    const [, url, curl] = said.match(/^Listening on (\S+); try:\n\n(.+)\n/m) ??
      [];
    if (url === undefined) continue;
    const startMs = performance.now() - before;
    return { url, curl, startMs, log, stop, [Symbol.asyncDispose]: kill };
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
export function command(env: Environment, args: string[] = []): Deno.Command {
  return denoCommand(env, [...taskArguments(), ...args]);
}

function taskArguments(): string[] {
  const { tasks } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const words: string[] = tasks.start.command.split(" ");
  return words.slice(words.indexOf("deno") + 1);
}

function denoCommand(env: Environment, args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args,
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
  settings({ processors: 1, cacheHome: "" }).map(({ name }) => [name, ""]),
);
