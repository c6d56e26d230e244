/**
 * The answers that a worker is computing, as streams.
 *
 * @module
 */

import { ApiError } from "../engine/errors.ts";
import { isInterruption } from "../engine/shutdown.ts";
import {
  type DecodeRequest,
  type Failure,
  type FromWorker,
  INTERRUPTED,
  type TimedOutput,
  type ToWorker,
} from "./messages.ts";

/** A text that is being decoded. */
interface Running {
  controller: ReadableStreamDefaultController<TimedOutput>;
  signal: AbortSignal;
  /** Stops listening to the signal. */
  ignore: () => void;
}

/** Streams the outputs that a worker sends, each to its request. */
export class Answers {
  readonly #say: (message: ToWorker) => void;
  #running = new Map<number, Running>();
  /** Requests in the worker; one that was cancelled may take a pass more. */
  #atWork = new Map<number, PromiseWithResolvers<void>>();
  #nextId = 0;

  /** @param say sends a message to the worker. */
  constructor(say: (message: ToWorker) => void) {
    this.#say = say;
  }

  /** Sends a request; returns its outputs. */
  open(
    request: DecodeRequest,
    { signal }: { signal: AbortSignal },
  ): ReadableStream<TimedOutput> {
    const id = this.#nextId++;
    const stop = () => {
      const reason = isInterruption(signal.reason) ? INTERRUPTED : undefined;
      this.#say({ type: "cancel", id, ...reason && { reason } });
    };
    return new ReadableStream<TimedOutput>({
      start: (controller) => {
        signal.throwIfAborted();
        signal.addEventListener("abort", stop);
        this.#running.set(id, {
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

  /** Takes what the worker sends of a request. */
  receive(message: FromWorker & { type: "output" | "done" }): void {
    const { id, type } = message;
    if (type === "done") this.#finish(id);
    const request = this.#running.get(id);
    if (!request) return; // cancelled
    const { controller, signal } = request;
    if (type === "output") {
      if (!signal.aborted) controller.enqueue(message.output);
      return;
    }
    this.#forget(id);
    if (signal.aborted) controller.error(signal.reason);
    else if (message.error === undefined) controller.close();
    else controller.error(failureOf(message));
  }

  /** Fails what runs, and stops it in the worker; what was aborted keeps its reason. */
  fail(error: Error): void {
    for (const [id, { controller, signal }] of this.#running) {
      this.#forget(id);
      this.#say({ type: "cancel", id });
      controller.error(signal.aborted ? signal.reason : error);
    }
  }

  /** Counts all requests as left by the worker, which answers no more. */
  abandon(): void {
    for (const id of this.#atWork.keys()) this.#finish(id);
  }

  /** Resolves once no request is in the worker. */
  async idle(): Promise<void> {
    await Promise.all(this.#atWork.values().map(({ promise }) => promise));
  }

  /** Forgets a request; its signal may live as long as the server. */
  #forget(id: number): void {
    this.#running.get(id)?.ignore();
    this.#running.delete(id);
  }

  #finish(id: number): void {
    this.#atWork.get(id)?.resolve();
    this.#atWork.delete(id);
  }
}

/** Returns what a client is told of a failure. */
function failureOf({ error, fault }: Partial<Failure>): Error {
  if (fault === "request") return new ApiError(400, error!);
  if (fault !== "memory") return new Error(error);
  return new ApiError(503, error!, {
    code: "out_of_memory",
    headers: { "Retry-After": "1", "retry-after-ms": "1000" },
  });
}
