/**
 * Where texts are encoded: short ones at once, long ones in a worker, one after the
 * other, so that the HTTP thread is never busy for long.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import {
  type EncodedTexts,
  encodeTexts,
  promptTexts,
  type RequestTexts,
  type TextReader,
} from "./encode_texts.ts";
import { ApiError } from "./errors.ts";
import type { FromTextWorker, ToTextWorker } from "./text_worker.ts";

/**
 * The most characters that are encoded on this thread. Words take some milliseconds;
 * white space, the slowest text, takes some tens.
 */
const SHORT = 2000;

/** Characters that one more message counts as: a template takes time for each. */
const MESSAGE = 20;

/** What encodes the texts of one model's requests. */
export class TextThread implements Disposable {
  readonly #reader: TextReader;
  readonly #path: string;
  /** Opened with the first long text. */
  #worker: Worker | undefined;
  /** Settles when the worker is free. */
  #free: Promise<unknown> = Promise.resolve();

  /** @param options.path the model's file, which has the vocabulary. */
  constructor(reader: TextReader, { path }: { path: string }) {
    this.#reader = reader;
    this.#path = path;
  }

  /**
   * Encodes the texts of a request.
   *
   * @throws {ApiError} 400 if they do not fit into the context.
   * @throws the signal's reason if it aborts before.
   */
  async encode(
    texts: RequestTexts,
    signal: AbortSignal,
  ): Promise<EncodedTexts> {
    if (weightOf(texts) <= SHORT) return encodeTexts(texts, this.#reader);
    const encoded = this.#free.then(() => {
      signal.throwIfAborted();
      return this.#ask(texts);
    });
    this.#free = encoded.catch(() => {});
    return await abortable(encoded, signal);
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask(texts: RequestTexts): Promise<EncodedTexts> {
    const worker = this.#worker ??= this.#open();
    const { promise, resolve } = Promise.withResolvers<FromTextWorker>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ type: "failed", message: event.message });
    };
    worker.onmessageerror = () =>
      resolve({ type: "failed", message: "a message was unreadable" });
    worker.postMessage({ type: "encode", texts } satisfies ToTextWorker);
    const answer = await promise;
    switch (answer.type) {
      case "encoded":
        return answer.encoded;
      case "refused":
        throw new ApiError(answer.status, answer.message, answer.options);
      case "failed":
        this[Symbol.dispose](); // the next text gets a new worker
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

/** Returns about how long texts take to encode, in characters. */
function weightOf(request: RequestTexts): number {
  return promptTexts(request).reduce(
    (sum, text) => sum + MESSAGE + text.length,
    request.prediction?.length ?? 0,
  );
}
