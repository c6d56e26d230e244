/**
 * Shows how far a download is: a bar where someone watches, lines elsewhere.
 *
 * @module
 */

import { SingleBar } from "cli-progress";
import process from "node:process";

/** Hears of a download. */
export interface Progress {
  /** A transfer begins, or begins again; `done` bytes of it are there already. */
  start(label: string, size: { total?: number; done: number }): void;
  /** So many more bytes have come. */
  advance(bytes: number): void;
  /** The transfer is over, well or not. */
  stop(): void;
  /** Something that a person should know, in a line. */
  note(text: string): void;
}

/** Milliseconds between two lines of one transfer, at least. */
const LINE_INTERVAL = 2_000;

/** Share of the whole between two lines, at least. */
const LINE_SHARE = 0.1;

/** Picks the bar if standard error is a terminal, or else lines. */
export function defaultProgress(): Progress {
  if (Deno.stderr.isTerminal()) return barProgress(process.stderr);
  return lineProgress((line) => console.error(line), () => performance.now());
}

/** Draws a bar on a terminal, with rate and time left. */
export function barProgress(terminal: NodeJS.WritableStream): Progress {
  let bar: SingleBar | undefined;
  let before = 0;
  let begun = 0;
  return {
    start(label, { total, done }) {
      bar?.stop();
      before = done;
      begun = performance.now();
      const whole = total === undefined ? "" : " of {whole}, {eta_formatted}";
      bar = new SingleBar({
        stream: terminal,
        format: `${label} {bar} {size}${whole}, {rate}`,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        etaBuffer: 100,
        hideCursor: true,
      });
      bar.start(total ?? 0, done, {
        size: megabytes(done),
        whole: megabytes(total ?? 0),
        rate: "",
      });
    },
    advance(bytes) {
      if (!bar) return;
      before += bytes;
      const seconds = (performance.now() - begun) / 1000;
      bar.increment(bytes, {
        size: megabytes(before),
        rate: `${megabytes(before / seconds)}/s`,
      });
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

/** Writes a line now and then; `now` gives milliseconds. */
export function lineProgress(
  write: (line: string) => void,
  now: () => number,
): Progress {
  let state = { label: "", total: 0, done: 0, shown: 0, time: 0, resumed: 0 };
  let begun = 0;
  const show = () => {
    const { label, total, done, resumed } = state;
    const seconds = Math.max(now() - begun, 1) / 1000;
    const rate = `${megabytes((done - resumed) / seconds)}/s`;
    const share = total > 0
      ? ` of ${megabytes(total)} (${Math.floor(done / total * 100)} %)`
      : "";
    write(`${label}: ${megabytes(done)}${share}, ${rate}`);
    state.shown = done;
    state.time = now();
  };
  return {
    start(label, { total = 0, done }) {
      begun = now();
      state = { label, total, done, shown: done, time: begun, resumed: done };
      write(done > 0 ? `${label}: going on at ${megabytes(done)}` : label);
    },
    advance(bytes) {
      state.done += bytes;
      const { done, shown, total } = state;
      const due = now() - state.time >= LINE_INTERVAL;
      if (due && done - shown >= total * LINE_SHARE) show();
    },
    stop() {
      if (state.done > state.shown) show();
    },
    note: write,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
