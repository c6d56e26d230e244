/**
 * Refuses grammars that cannot be compiled, or not in time, before their requests wait
 * in line. None is compiled on this thread.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { deadline } from "@std/async/deadline";
import { ApiError } from "../engine/errors.ts";
import { Thread } from "../threads/thread.ts";
import type { ToCheckWorker, Verdict } from "./check_worker.ts";
import type { Grammar } from "./grammar.ts";
import { findExcess, type Refusal } from "./limits.ts";
import type { EngineImage, GrammarImage, TokenBytes } from "./llguidance.ts";
import { type ControlTokens, smallVocabulary } from "./vocabulary.ts";

/** Milliseconds that a grammar may take; large ones take some hundred on a free CPU. */
const MOST_MS = 5000;

/** Milliseconds after which a grammar is not compiled on the model's thread. */
const HEAVY_MS = 20;

const CHECK_WORKER = import.meta.resolve("./check_worker.ts");

/** Milliseconds in which an engine must be opened, and a heavy grammar compiled. */
const MOST_OPEN_MS = 10_000;

/** Grammars that are remembered as sound, and those that are kept compiled. */
const MOST_KNOWN = 256, MOST_IMAGES = 4;

/** What a check works with. */
export interface GrammarCheckOptions {
  /** The model's file, whose tokens heavy grammars are compiled with. */
  path: string;
  /** Milliseconds of a check after which a grammar is heavy. @default 20 */
  heavyMs?: number;
  /** Whether the worker waits for the next grammar, in its memory. @default true */
  isKept?: boolean;
}

/** Checks the grammars of one model's requests, one after the other. */
export class GrammarCheck implements Disposable {
  readonly #vocabulary: () => TokenBytes;
  readonly #path: string;
  readonly #heavyMs: number;
  readonly #isKept: boolean;
  /** The engine that has compiled nothing, once a grammar has needed it. */
  #engine: Promise<EngineImage | undefined> | undefined;
  /** Opened with the first grammar. */
  #worker: Thread | undefined;
  /** Settles when the worker is free. */
  #free: Promise<unknown> = Promise.resolve();
  /** Sound grammars as JSON, and heavy ones compiled, the least recently used first. */
  readonly #known = new Map<string, GrammarImage | undefined>();

  /** @param tokenizer has the control tokens that a grammar may name. */
  constructor(
    tokenizer: ControlTokens,
    { path, heavyMs = HEAVY_MS, isKept = true }: GrammarCheckOptions,
  ) {
    this.#vocabulary = () => smallVocabulary(tokenizer);
    this.#path = path;
    this.#heavyMs = heavyMs;
    this.#isKept = isKept;
  }

  /**
   * Checks a grammar; returns an engine for it, which has compiled it if that takes
   * long, or nothing if the engine did not open here.
   *
   * @param options.param the request's parameter that it comes from.
   * @param options.isWhole whether texts will follow it, rather than one that contains it.
   * @throws {ApiError} 400 if it cannot be compiled, or not in time.
   * @throws the signal's reason if it aborts before.
   */
  async check(
    grammar: Grammar,
    { param, signal, isWhole = true }: {
      param: string;
      signal: AbortSignal;
      isWhole?: boolean;
    },
  ): Promise<GrammarImage | undefined> {
    const excess = findExcess(grammar);
    if (excess) throw refused(excess, param);
    const key = JSON.stringify([grammar, isWhole]);
    if (!this.#known.has(key)) {
      const asked = this.#free.then(() => {
        signal.throwIfAborted();
        return this.#ask(grammar, isWhole);
      });
      this.#free = asked.catch(() => {});
      if (!this.#isKept) this.#free.then(() => this[Symbol.dispose]());
      const { refusal, image } = await abortable(asked, signal);
      if (refusal) throw refused(refusal, param);
      this.#known.set(key, image);
    }
    return this.#use(key);
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker?.[Symbol.dispose]();
    this.#worker = undefined;
  }

  /** Returns a known grammar, and forgets those that were not used for long. */
  #use(key: string): GrammarImage | undefined {
    const image = this.#known.get(key);
    this.#known.delete(key);
    this.#known.set(key, image);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN) this.#known.delete(oldest);
    const heavy = [...this.#known].filter(([, image]) => image?.matcher);
    if (heavy.length > MOST_IMAGES) this.#known.delete(heavy[0][0]);
    return image;
  }

  async #ask(grammar: Grammar, isWhole: boolean) {
    const giveUp = (received: string) => {
      this[Symbol.dispose](); // the next grammar gets a new worker
      return { refusal: { must: "must be quick to compile", received } };
    };
    const worker = this.#worker ??= await openWorker(this.#vocabulary());
    let isHeavy: boolean;
    try {
      const answer = worker.ask(
        { type: "check", grammar } satisfies ToCheckWorker,
      );
      const verdict = await deadline(answer, MOST_MS) as Verdict;
      if (verdict.refusal) return verdict;
      isHeavy = isWhole && verdict.ms >= this.#heavyMs;
    } catch (error) {
      return error instanceof DOMException
        ? giveUp(`more than ${MOST_MS} ms of work`)
        : giveUp("what the compiler fails on");
    }
    const engine = await (this.#engine ??= openEngine(this.#path));
    if (!engine) return {}; // the model opens one
    const image = isHeavy
      ? await this.#compile(worker, { engine, grammar })
      : { engine };
    return { image };
  }

  /** Has a heavy grammar compiled, or leaves it to the model. */
  async #compile(
    worker: Thread,
    heavy: { engine: EngineImage; grammar: Grammar },
  ): Promise<GrammarImage | undefined> {
    const image = worker.ask(
      { type: "compile", ...heavy } satisfies ToCheckWorker,
    );
    try {
      return await deadline(image, MOST_OPEN_MS) as GrammarImage | undefined;
    } catch {
      this[Symbol.dispose]();
    }
  }
}

/**
 * Opens the engine with all tokens of a model's file, or nothing if that fails. The
 * worker ends then, as what it needs for that takes 100 MB.
 */
async function openEngine(path: string): Promise<EngineImage | undefined> {
  using worker = new Thread(CHECK_WORKER);
  try {
    const engine = worker.ask({ type: "engine", path } satisfies ToCheckWorker);
    return await deadline(engine, MOST_OPEN_MS) as EngineImage | undefined;
  } catch {
    return undefined;
  }
}

/** Starts a worker that checks, which is quick from then on. */
async function openWorker(vocabulary: TokenBytes): Promise<Thread> {
  const worker = new Thread(CHECK_WORKER);
  await worker.ask({ type: "open", vocabulary } satisfies ToCheckWorker);
  return worker;
}

function refused({ must, at, received }: Refusal, param: string): ApiError {
  const subject = at === undefined ? param : `${param} at ${at}`;
  return new ApiError(
    400,
    `Cannot read the request: ${subject} ${must}: received ${received}`,
    { param },
  );
}
