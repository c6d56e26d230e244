/**
 * Where texts are worked on: short ones at once, long ones in a worker, one after the
 * other, so that the HTTP thread is never busy for long.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import type { TextReader } from "./encode_texts.ts";
import { ApiError } from "./errors.ts";
import {
  runTask,
  type TaskInput,
  type TaskName,
  type TaskOutput,
  type Texts,
  weigh,
} from "./text_tasks.ts";
import type { FromTextWorker, ToTextWorker } from "./text_worker.ts";

/**
 * The heaviest task on this thread, in characters. Words take some ten milliseconds;
 * white space, the slowest text, takes some forty.
 */
const SHORT = 5000;

/** What works on the texts of one model's requests. */
export class TextThread implements Texts, Disposable {
  readonly #reader: TextReader;
  readonly #path: string;
  readonly #isKept: boolean;
  /** Opened with the first long task. */
  #worker: Worker | undefined;
  /** Settles when the worker is free. */
  #free: Promise<unknown> = Promise.resolve();

  /**
   * @param options.path the model's file, which has the vocabulary.
   * @param options.isKept whether the worker waits for the next task, in its memory.
   */
  constructor(
    reader: TextReader,
    { path, isKept = true }: { path: string; isKept?: boolean },
  ) {
    this.#reader = reader;
    this.#path = path;
    this.#isKept = isKept;
  }

  /**
   * Runs a task, in the worker if it is a long one.
   *
   * @throws {ApiError} 400 if the model cannot read the input, or it is too long.
   * @throws the signal's reason if it aborts before.
   */
  async run<Name extends TaskName>(
    name: Name,
    input: TaskInput<Name>,
    signal: AbortSignal,
  ): Promise<TaskOutput<Name>> {
    if (weigh(name, input) <= SHORT) return runTask(name, input, this.#reader);
    const done = this.#free.then(() => {
      signal.throwIfAborted();
      return this.#ask(name, input);
    });
    this.#free = done.catch(() => {});
    return await abortable(done, signal);
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask<Name extends TaskName>(
    name: Name,
    input: TaskInput<Name>,
  ): Promise<TaskOutput<Name>> {
    const worker = this.#worker ??= this.#open();
    const { promise, resolve } = Promise.withResolvers<FromTextWorker>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ type: "failed", message: event.message });
    };
    worker.onmessageerror = () =>
      resolve({ type: "failed", message: "a message was unreadable" });
    worker.postMessage({ type: "run", name, input } satisfies ToTextWorker);
    const answer = await promise;
    if (!this.#isKept) this[Symbol.dispose]();
    switch (answer.type) {
      case "done":
        return answer.output as TaskOutput<Name>;
      case "refused":
        throw new ApiError(answer.status, answer.message, answer.options);
      case "failed":
        this[Symbol.dispose](); // the next task gets a new worker
        throw new Error(`The text worker failed: ${answer.message}`);
    }
  }

  #open(): Worker {
    const worker = new Worker(import.meta.resolve("./text_worker.ts"), {
      type: "module",
    });
    const { context } = this.#reader;
    const message: ToTextWorker = { type: "open", path: this.#path, context };
    worker.postMessage(message);
    return worker;
  }
}
