/**
 * Shows the progress of downloads and conversions: a bar on a terminal, lines elsewhere.
 *
 * @module
 */

import { SingleBar } from "cli-progress";
import process from "node:process";

/** Receives the progress of a transfer. */
export interface Progress {
  /** Starts or restarts a transfer of which `done` bytes are already complete. */
  start(label: string, size: { total?: number; done: number }): void;
  /** Adds bytes that are complete. */
  advance(bytes: number): void;
  /** Ends the transfer, after success or failure. */
  stop(): void;
  /** Shows a message of one line. */
  note(text: string): void;
}

/** Minimum milliseconds between two lines of a transfer. */
const LINE_INTERVAL = 2_000;

/** Minimum share of the transfer between two lines. */
const LINE_SHARE = 0.1;

/** Returns a bar if standard error is a terminal, or else lines. */
export function defaultProgress(): Progress {
  const now = () => performance.now();
  if (Deno.stderr.isTerminal()) return barProgress(process.stderr, now);
  return lineProgress(printError, now);
}

/** Prints a line, if the standard error takes it. */
function printError(line: string): void {
  try {
    console.error(line);
  } catch {
    // It is full or closed, which fails no download.
  }
}

/** Draws a bar on a terminal; `now` returns milliseconds. */
export function barProgress(
  terminal: NodeJS.WritableStream,
  now: () => number,
): Progress {
  let bar: SingleBar | undefined;
  let done = 0, resumed = 0, begun = 0;
  const figures = () => {
    const seconds = Math.max(now() - begun, 1) / 1000;
    return {
      size: megabytes(done),
      rate: `${megabytes((done - resumed) / seconds)}/s`,
    };
  };
  return {
    start(label, size) {
      bar?.stop();
      done = resumed = size.done;
      begun = now();
      const { total } = size;
      const whole = total === undefined
        ? ""
        : ` of ${megabytes(total)}, {eta_formatted} left`;
      bar = new SingleBar({
        stream: terminal,
        format: `${label} {bar} {size}${whole}, {rate}`,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 20,
        etaBuffer: 100,
        hideCursor: true,
      });
      bar.start(total ?? 0, done, figures());
    },
    advance(bytes) {
      done += bytes;
      bar?.increment(bytes, figures());
    },
    stop() {
      bar?.stop();
      bar = undefined;
    },
    note(text) {
      terminal.write(`${text}\n`);
    },
  };
}

/** Writes a line from time to time; `now` returns milliseconds. */
export function lineProgress(
  write: (line: string) => void,
  now: () => number,
): Progress {
  let label = "";
  let total = 0, done = 0, resumed = 0, begun = 0;
  let shown = 0, shownAt = 0;
  const show = () => {
    shown = done;
    shownAt = now();
    const seconds = Math.max(shownAt - begun, 1) / 1000;
    const rate = `${megabytes((done - resumed) / seconds)}/s`;
    const share = total > 0
      ? ` of ${megabytes(total)} (${Math.floor(done / total * 100)} %)`
      : "";
    write(`${label}: ${megabytes(done)}${share}, ${rate}`);
  };
  return {
    start(name, size) {
      label = name;
      total = size.total ?? 0;
      done = resumed = shown = size.done;
      begun = shownAt = now();
      write(done > 0 ? `${label}: resuming at ${megabytes(done)}` : label);
    },
    advance(bytes) {
      done += bytes;
      const due = now() - shownAt >= LINE_INTERVAL;
      if (due && done - shown >= total * LINE_SHARE) show();
    },
    stop() {
      if (done > shown) show();
    },
    note: write,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
