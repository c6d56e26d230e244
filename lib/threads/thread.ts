/**
 * Threads that are asked one thing at a time.
 *
 * To start a thread takes 15 ms, and up to 100 while all cores are busy, in which the
 * thread that starts it does nothing else. So a thread that is needed soon is started
 * before requests are served. Until it is asked, it has 6 MB and no module but
 * `bare_worker.ts`.
 *
 * @module
 */

import type { FirstMessage } from "./bare_worker.ts";

/** A thread that runs a module, which answers each message with one. */
export class Thread implements Disposable {
  readonly #worker = new Worker(import.meta.resolve("./bare_worker.ts"), {
    type: "module",
  });
  /** The module, until it is imported. */
  #module: string | undefined;

  /** Starts a thread, which imports the module once it is asked. */
  constructor(module: string) {
    this.#module = module;
  }

  /**
   * Sends a message and returns the answer.
   *
   * @throws {Error} if the thread fails at it.
   */
  ask(message: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.#worker.onmessageerror = () =>
      reject(new Error("Cannot read the answer of a thread"));
    const module = this.#module;
    this.#module = undefined;
    this.#worker.postMessage(
      module ? { module, message } satisfies FirstMessage : message,
    );
    return promise;
  }

  /** Ends the thread, whatever it does. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
