/**
 * Writes log lines without waiting for their reader: one that stands still or is gone
 * stops nothing. Lines beyond a bound are dropped and counted.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";

/** Where lines go, and how many may wait. */
export interface LogWriterOptions {
  /** Writes a part of the bytes and returns its length. */
  write: (bytes: Uint8Array) => Promise<number>;
  /** Most UTF-16 code units that wait. @default 1 MiB */
  most?: number;
}

/** Writes lines in order, in the background. */
export class LogWriter {
  readonly #write: LogWriterOptions["write"];
  readonly #most: number;
  #lines: string[] = [];
  /** Length of the lines that wait or are being written. */
  #length = 0;
  #dropped = 0;
  #running: Promise<void> | undefined;

  constructor({ write, most = 1 << 20 }: LogWriterOptions) {
    this.#write = write;
    this.#most = most;
  }

  /** Lines that are dropped and not reported yet. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a line with its end; drops it if too many wait. */
  add(line: string): void {
    if (this.#length + line.length > this.#most) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    this.#running ??= this.#run();
  }

  /** Waits until all lines are written, but no longer than some milliseconds. */
  async flush(ms: number): Promise<void> {
    await deadline(this.#running ?? Promise.resolve(), ms).catch(() => {});
  }

  async #run(): Promise<void> {
    let failed = false;
    while (this.#lines.length > 0 || (this.#dropped > 0 && !failed)) {
      const lines = this.#lines;
      this.#lines = [];
      const text = lines.join("");
      const dropped = this.#dropped;
      try {
        await this.#writeAll(text + report(dropped));
        this.#dropped -= dropped;
        failed = false;
      } catch {
        this.#dropped += lines.length;
        failed = true;
      }
      this.#length -= text.length;
    }
    this.#running = undefined;
  }

  async #writeAll(text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#write(bytes));
    }
  }
}

/** Returns the line that says how many are missing. */
function report(dropped: number): string {
  if (dropped === 0) return "";
  return `${
    JSON.stringify({ level: "warn", dropped, msg: "lines dropped" })
  }\n`;
}
