/**
 * Refuses grammars that cannot be compiled, or not in time, before their requests wait
 * in line. None is compiled on this thread.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import { ApiError } from "../engine/errors.ts";
import type { ToCheckWorker } from "./check_worker.ts";
import type { Grammar } from "./grammar.ts";
import { findExcess, type Refusal } from "./limits.ts";
import type { TokenBytes } from "./llguidance.ts";
import { type ControlTokens, smallVocabulary } from "./vocabulary.ts";

/** Milliseconds that a grammar may take; all but hostile ones take some tens. */
const MOST_MS = 2000;

/** Grammars that are remembered as sound. */
const MOST_KNOWN = 256;

/** Checks the grammars of one model's requests, one after the other. */
export class GrammarCheck implements Disposable {
  readonly #vocabulary: () => TokenBytes;
  /** Opened with the first grammar. */
  #worker: Worker | undefined;
  /** Settles when the worker is free. */
  #free: Promise<unknown> = Promise.resolve();
  /** As JSON, the least recently used first. */
  readonly #known = new Set<string>();

  /** @param tokenizer has the control tokens that a grammar may name. */
  constructor(tokenizer: ControlTokens) {
    this.#vocabulary = () => smallVocabulary(tokenizer);
  }

  /**
   * Checks a grammar.
   *
   * @param options.param the request's parameter that it comes from.
   * @throws {ApiError} 400 if it cannot be compiled, or not in time.
   * @throws the signal's reason if it aborts before.
   */
  async check(
    grammar: Grammar,
    { param, signal }: { param: string; signal: AbortSignal },
  ): Promise<void> {
    const excess = findExcess(grammar);
    if (excess) throw refused(excess, param);
    const key = JSON.stringify(grammar);
    if (!this.#known.delete(key)) {
      const refusal = this.#free.then(() => {
        signal.throwIfAborted();
        return this.#ask(grammar);
      });
      this.#free = refusal.catch(() => {});
      const found = await abortable(refusal, signal);
      if (found) throw refused(found, param);
    }
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > MOST_KNOWN) this.#known.delete(oldest);
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #ask(grammar: Grammar): Promise<Refusal | undefined> {
    const giveUp = (received: string) => {
      this[Symbol.dispose](); // the next grammar gets a new worker
      return { must: "must be quick to compile", received };
    };
    this.#worker ??= await openWorker(this.#vocabulary());
    try {
      const answer = tell(this.#worker, { type: "check", grammar });
      return await deadline(answer, MOST_MS) as Refusal | undefined;
    } catch (error) {
      return error instanceof DOMException
        ? giveUp(`more than ${MOST_MS} ms of work`)
        : giveUp("what the compiler fails on");
    }
  }
}

/** Starts a worker, which is quick from then on. */
async function openWorker(vocabulary: TokenBytes): Promise<Worker> {
  const worker = new Worker(import.meta.resolve("./check_worker.ts"), {
    type: "module",
  });
  await tell(worker, { type: "open", vocabulary });
  return worker;
}

/** Sends a message and waits for the answer. */
function tell(worker: Worker, message: ToCheckWorker): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  worker.postMessage(message);
  return promise;
}

function refused({ must, at, received }: Refusal, param: string): ApiError {
  const subject = at === undefined ? param : `${param} at ${at}`;
  return new ApiError(
    400,
    `Cannot read the request: ${subject} ${must}: received ${received}`,
    { param },
  );
}
