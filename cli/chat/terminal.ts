/**
 * The terminal: lines that a person types, or that a pipe brings, and Ctrl-C.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline/promises";

/** What `chat` reads from and writes to. */
export interface Terminal {
  /** Yields lines until the input ends or {@linkcode leave} is called. */
  lines(): AsyncGenerator<string>;
  /** Writes a part of an answer. */
  write(text: string): void;
  /** Writes a line that is no part of an answer. */
  note(text: string): void;
  /** Sets what Ctrl-C does from now on. */
  onInterrupt(action: () => void): void;
  /** Ends the lines. */
  leave(): void;
}

/** Opens the terminal of this process. Without one, there is no prompt. */
export function openTerminal(): Terminal {
  const encoder = new TextEncoder();
  const left = new AbortController();
  let interrupt = () => {};
  return {
    lines() {
      // In raw mode Ctrl-C is a key, elsewhere a signal.
      Deno.addSignalListener("SIGINT", () => interrupt());
      return Deno.stdin.isTerminal()
        ? typed(() => interrupt(), left.signal)
        : piped(left.signal);
    },
    write: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
    note(text) {
      const isDim = Deno.stderr.isTerminal();
      console.error(isDim ? `\x1b[2m${text}\x1b[0m` : text);
    },
    onInterrupt: (action) => void (interrupt = action),
    leave: () => left.abort(),
  };
}

/** Yields lines that a person types, with history and editing. */
async function* typed(
  interrupt: () => void,
  left: AbortSignal,
): AsyncGenerator<string> {
  const { stdin: input, stdout: output } = process;
  const reader = createInterface({ input, output, terminal: true });
  left.addEventListener("abort", () => reader.close());
  reader.on("SIGINT", interrupt);
  const closed = once(reader, "close").then(() => undefined);
  for (;;) {
    const line = await Promise.race([reader.question("> "), closed]);
    if (line === undefined) return;
    yield line;
  }
}

/** Yields the lines of a pipe. */
async function* piped(left: AbortSignal): AsyncGenerator<string> {
  const lines = Deno.stdin.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const reader = lines.getReader();
  left.addEventListener("abort", () => reader.cancel());
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value as string;
  }
}
