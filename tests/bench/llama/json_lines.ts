/**
 * A child process that reads and writes JSON, one object a line.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A running child; leaving its scope ends it. */
export class JsonLines implements AsyncDisposable {
  #child: ChildProcess;
  #closed: Promise<unknown>;
  #lines: AsyncIterator<string>;

  /** Starts `command`; its standard error is inherited. */
  constructor(command: string, args: string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#closed = once(this.#child, "close");
    const input = this.#child.stdout!;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
  }

  /** Sends an object. */
  send(message: unknown): void {
    this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  /**
   * Waits for the next object.
   *
   * @throws {Error} if the child has ended.
   */
  async receive<T>(): Promise<T> {
    const { done, value } = await this.#lines.next();
    if (!done) return JSON.parse(value);
    throw new Error(
      "Cannot read from the child: a line is required: received its end",
    );
  }

  /** Closes the input and waits for the process to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end();
    await this.#closed;
  }
}
