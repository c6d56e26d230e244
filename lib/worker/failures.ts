/**
 * What has failed of a model, without a served request between: each failure makes the
 * pause before the next opening longer, and three of them have the model given up.
 *
 * @module
 */

import {
  type ApiError,
  modelUnavailable,
  requirementOf,
} from "../engine/errors.ts";
import type { ModelState } from "../engine/generation.ts";

/** Failures after which a model is given up. */
const MOST_FAILURES = 3;

/** Requests that fail one after the other before their model counts as failed. */
const MOST_ERRORS = 3;

/** Milliseconds before the first reopening; each further one waits twice as long. */
const FIRST_PAUSE_MS = 500;

/** The most milliseconds before a reopening, as many as Kubernetes waits. */
const LONGEST_PAUSE_MS = 300_000;

/** Counts failures in a row. */
export class Failures {
  readonly #id: string;
  #count = 0;
  #errors = 0;
  #cause: Error | undefined;

  /** @param id names the model in errors. */
  constructor(id: string) {
    this.#id = id;
  }

  /** Whether the model is given up: until it is open, nothing waits for it. */
  get areTooMany(): boolean {
    return this.#cause !== undefined;
  }

  /** Milliseconds before the model is opened again. */
  get pauseMs(): number {
    const ms = FIRST_PAUSE_MS * 2 ** (this.#count - 1);
    return Math.min(ms, LONGEST_PAUSE_MS);
  }

  /** Notes a failure of the model. */
  add(error: Error): void {
    if (++this.#count >= MOST_FAILURES) this.#cause = error;
  }

  /** Notes the failure of a request; returns whether it is one of the model. */
  addError(): boolean {
    return ++this.#errors >= MOST_ERRORS;
  }

  /** Notes that the model is open. */
  noteOpen(): void {
    this.#errors = 0;
    this.#cause = undefined;
  }

  /** Notes that a request was served. */
  forgive(): void {
    this.#count = this.#errors = 0;
  }

  /** Returns the error of a request that the model can't serve in its state. */
  unavailable(state: ModelState): ApiError {
    if (state === "stopped") return modelUnavailable("it is stopped");
    if (this.#cause) {
      const requirement = requirementOf(this.#cause);
      return modelUnavailable(
        `${this.#id} has failed ${this.#count} times in a row, and is tried again later: ${requirement}`,
      );
    }
    const isNew = state === "starting" && this.#count === 0;
    return modelUnavailable(
      isNew ? "it is being opened" : "it has failed and is being restarted",
    );
  }
}
