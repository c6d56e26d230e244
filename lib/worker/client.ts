/**
 * A model in its worker, seen from the main thread.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { ApiError } from "../engine/errors.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";
import type {
  DecodeRequest,
  FromWorker,
  OpenedModel,
  OpenMessage,
  TimedOutput,
  ToWorker,
} from "./messages.ts";

/** Milliseconds that a worker may take to finish its pass before it is ended. */
const CLOSE_MS = 5000;

/** A text that is being decoded. */
interface Running {
  controller: ReadableStreamDefaultController<TimedOutput>;
  signal: AbortSignal;
  /** Stops listening to the signal. */
  ignore: () => void;
}

/** Decodes with one model. */
export class ModelClient implements AsyncDisposable {
  readonly opened: OpenedModel;
  #worker: Worker;
  #requests = new Map<number, Running>();
  /** Requests in the worker; one that was cancelled may take a pass more. */
  #atWork = new Map<number, PromiseWithResolvers<void>>();
  #erasures = new Map<number, PromiseWithResolvers<Erasure>>();
  #nextId = 0;
  /** What requests get once the worker has failed or is closed. */
  #ended: ApiError | undefined;
  #failure = Promise.withResolvers<Error>();
  #counters: PrefixCounters | undefined;

  private constructor(worker: Worker, opened: OpenedModel) {
    this.#worker = worker;
    this.opened = opened;
    worker.onmessage = ({ data }) => this.#receive(data);
    listenForFailure(worker, (error) => this.#die(error));
  }

  /** Starts a worker, of another module if one is named, and opens a model in it. */
  static async open(
    message: Omit<OpenMessage, "type">,
    { module = import.meta.resolve("./worker.ts") }: { module?: string } = {},
  ): Promise<ModelClient> {
    const worker = new Worker(module, { type: "module" });
    const { promise, resolve, reject } = Promise.withResolvers<OpenedModel>();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "opened") resolve(data);
      if (data.type === "failed") reject(new Error(data.message));
    };
    listenForFailure(worker, reject);
    worker.postMessage({ type: "open", ...message } satisfies ToWorker);
    try {
      return new ModelClient(worker, await promise);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** Resolves when the worker or its device has failed; nothing is decoded then. */
  get failure(): Promise<Error> {
    return this.#failure.promise;
  }

  /**
   * Decodes a prompt, output by output; the first output ends the prefill.
   *
   * Cancelling the stream, or leaving a loop over it, stops the worker within a pass;
   * so does the signal, which fails the stream with its reason. Both take effect once
   * the worker has freed the memory of the sequence.
   */
  decode(
    request: DecodeRequest,
    { signal }: { signal: AbortSignal },
  ): ReadableStream<TimedOutput> {
    const id = this.#nextId++;
    const stop = () => this.#say({ type: "cancel", id });
    return new ReadableStream<TimedOutput>({
      start: (controller) => {
        signal.throwIfAborted();
        if (this.#ended) throw this.#ended;
        signal.addEventListener("abort", stop);
        this.#requests.set(id, {
          controller,
          signal,
          ignore: () => signal.removeEventListener("abort", stop),
        });
        this.#atWork.set(id, Promise.withResolvers());
        this.#say({ type: "decode", id, request });
      },
      cancel: () => {
        this.#forget(id);
        stop();
        return this.#atWork.get(id)?.promise;
      },
    });
  }

  /** Resolves once no request is in the worker, so that it runs no native code. */
  async idle(): Promise<void> {
    await Promise.all(this.#atWork.values().map(({ promise }) => promise));
  }

  /** What the cache of prompts had done when the last text ended. */
  get counters(): PrefixCounters | undefined {
    return this.#counters;
  }

  /** Erases the prompts of a caller, or of all callers. */
  erase(caller?: string): Promise<Erasure> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    const erasure = Promise.withResolvers<Erasure>();
    this.#erasures.set(id, erasure);
    this.#say({ type: "erase", id, caller });
    return erasure.promise;
  }

  /** Ends the worker, once it is in no native code or has taken too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(ended("is closed"));
    await deadline(this.idle(), CLOSE_MS).catch(() => {});
    this.#worker.terminate();
    for (const id of this.#atWork.keys()) this.#finish(id);
  }

  #receive(message: FromWorker): void {
    if (message.type === "failed") this.fail(new Error(message.message));
    if (message.type === "erased") {
      this.#erasures.get(message.id)?.resolve(message);
      this.#erasures.delete(message.id);
    }
    if (message.type !== "output" && message.type !== "done") return;
    if (message.type === "done") this.#finish(message.id);
    if (message.type === "done") this.#counters = message.counters;
    const request = this.#requests.get(message.id);
    if (!request) return; // cancelled
    const { controller, signal } = request;
    if (message.type === "output") {
      if (!signal.aborted) controller.enqueue(message.output);
      return;
    }
    this.#forget(message.id);
    if (signal.aborted) controller.error(signal.reason);
    else if (message.error === undefined) controller.close();
    else controller.error(new Error(message.error));
  }

  /** Forgets a request; its signal may live as long as the server. */
  #forget(id: number): void {
    this.#requests.get(id)?.ignore();
    this.#requests.delete(id);
  }

  #finish(id: number): void {
    this.#atWork.get(id)?.resolve();
    this.#atWork.delete(id);
  }

  /** Fails what runs: the worker lives, but can no longer be used. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#end(ended("has failed and is being restarted"));
    this.#failure.resolve(error);
  }

  /** Fails what runs in a worker that is dead. */
  #die(error: Error): void {
    for (const id of this.#atWork.keys()) this.#finish(id);
    this.fail(error);
  }

  #end(error: ApiError): void {
    this.#ended ??= error;
    for (const [id, { controller }] of this.#requests) {
      this.#forget(id);
      this.#say({ type: "cancel", id });
      controller.error(error);
    }
    for (const { reject } of this.#erasures.values()) reject(error);
    this.#erasures.clear();
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/** Calls `fail` when a worker throws what nothing catches, or cannot be understood. */
function listenForFailure(worker: Worker, fail: (error: Error) => void): void {
  worker.onerror = (event) => {
    event.preventDefault();
    fail(new Error(`The model's worker failed: ${event.message}`));
  };
  worker.onmessageerror = () =>
    fail(new Error("The model's worker failed: a message was unreadable"));
}

function ended(state: string): ApiError {
  return new ApiError(
    500,
    `Cannot finish the reply: the model must run: it ${state}`,
    { code: "model_failed" },
  );
}
