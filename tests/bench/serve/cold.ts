/**
 * Cold starts, as a serverless host sees them: from the start of the process to the first
 * token of a request that is sent as soon as the server listens.
 *
 * @module
 */

import {
  type Benchmark,
  integer,
  progress,
  type Report,
} from "../benchmark.ts";
import { median } from "../statistics.ts";
import { streamChat } from "./chat_stream.ts";

const MODEL = "smollm2-135m-instruct";

/** Times since the start of a process, in milliseconds. */
interface Start {
  listenMs: number;
  readyMs: number;
  firstMs: number;
}

/** Measures cold starts. */
export const cold: Benchmark = {
  about: "process start to listening, to an open model, to the first token",
  options: {
    repeat: { about: "starts", default: "10" },
  },
  async run(options): Promise<Report> {
    const repeat = integer(options, "repeat", { least: 1 });
    await measure(); // converts the model
    const starts: Start[] = [];
    for (let i = 1; i <= repeat; i++) {
      progress(i, repeat, "starts");
      starts.push(await measure());
    }
    const row = (["listenMs", "readyMs", "firstMs"] as const)
      .map((key) => median(starts.map((start) => start[key])));
    const header = ["listening, ms", "model open, ms", "first token, ms"];
    return {
      tables: [{ title: "Cold starts, medians", header, rows: [row] }],
      notes: [`${repeat} starts, artefacts on disk, no cached prompt.`],
      data: starts,
    };
  },
};

/** Starts a server, sends it a request at once, and ends it. */
async function measure(): Promise<Start> {
  const start = performance.now();
  const since = () => performance.now() - start;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts"],
    env: { PORT: "0", LOG_LEVEL: "error", PREFIX_CACHE: "off" },
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
    const { times: [firstMs] } = await streamChat(
      origin,
      {
        model: MODEL,
        temperature: 0,
        max_tokens: 8,
        messages: [
          { role: "user", content: "What is the capital of France?" },
        ],
      },
      { now: since },
    );
    return { listenMs, readyMs, firstMs };
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.status, output]);
  }
}
