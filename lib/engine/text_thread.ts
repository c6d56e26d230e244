/**
 * Where texts are worked on: short ones at once, long ones in a worker, one after the
 * other, so that the HTTP thread is never busy for long.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { Thread } from "../threads/thread.ts";
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

const TEXT_WORKER = import.meta.resolve("./text_worker.ts");

/** What works on the texts of one model's requests. */
export class TextThread implements Texts, Disposable {
  readonly #reader: TextReader;
  readonly #path: string;
  readonly #isKept: boolean;
  /** Started before the first long task, if it is kept. */
  #worker: Thread | undefined;
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
    if (isKept) this.#worker = new Thread(TEXT_WORKER);
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
    this.#worker?.[Symbol.dispose]();
    this.#worker = undefined;
  }

  async #ask<Name extends TaskName>(
    name: Name,
    input: TaskInput<Name>,
  ): Promise<TaskOutput<Name>> {
    const worker = this.#worker ??= new Thread(TEXT_WORKER);
    const { context } = this.#reader;
    const task = { path: this.#path, context, name, input };
    let answer: FromTextWorker;
    try {
      answer = await worker.ask(task satisfies ToTextWorker) as FromTextWorker;
    } catch (error) {
      answer = { type: "failed", message: (error as Error).message };
    }
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
}
