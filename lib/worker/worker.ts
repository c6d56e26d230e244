/**
 * A model in a thread of its own, so that passes never stall the HTTP loop. The
 * decoding loop runs here too: logits need not cross between threads.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { Decoding } from "./decoding.ts";
import { Drafting } from "./drafting.ts";
import { Grammars } from "../grammar/grammars.ts";
import { GrammarError } from "../grammar/matcher.ts";
import { readVocabulary } from "../grammar/vocabulary.ts";
import type {
  DecodeRequest,
  Failure,
  FromWorker,
  OpenMessage,
  ToWorker,
} from "./messages.ts";
import type { Draft } from "../engine/generation.ts";
import { DeviceMemoryError } from "../runtime/backend.ts";
import { trimHeap } from "../runtime/cpu/malloc.ts";
import type { OrtModel } from "../runtime/ort_model.ts";
import {
  addDrafters,
  addFew,
  type ModelCheck,
  widenPasses,
} from "./opening/check_model.ts";
import { examine, openAlone } from "./opening/opening.ts";
import { Scheduler } from "./scheduler.ts";

/** Values of a request's `draft` that wait for what the adapter needs. */
const ADAPTERS_OWN: ReadonlySet<Draft> = new Set(["bita", "hydra"]);

/** Milliseconds that a request which has waited for the model takes to arrive. */
const QUIET_MS = 100;

/** Milliseconds without a request after which the memory of texts is returned. */
const REST_MS = 10_000;

/** Milliseconds at the end to store what is to be stored. */
const STORE_MS = 1000;

const running = new Map<number, AbortController>();
/** The model, from when it begins to open. */
let model: Promise<OrtModel> | undefined;
/** Settles when the adapter drafts, or is known not to. */
const drafters = Promise.withResolvers<void>();
/** Resolves when a request has its first token, has ended, or waits for the adapter. */
const text = Promise.withResolvers<void>();
/** Returns memory to the system unless a request comes. */
let rest: ReturnType<typeof setTimeout> | undefined;
let decoding: Decoding | undefined;
let grammars: Grammars;

// What nothing catches ends this worker alone, once the main thread knows.
self.addEventListener("error", (event) => {
  event.preventDefault();
  say({ type: "failed", message: messageOf(event.error ?? event.message) });
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  say({ type: "failed", message: messageOf(event.reason) });
});

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "open":
      await open(data);
      break;
    case "decode":
      await run(data.id, data.request);
      break;
    case "cancel":
      running.get(data.id)?.abort(data.reason);
      break;
    case "erase": {
      const erased = await decoding!.erase(data.caller);
      say({ type: "erased", id: data.id, ...erased });
      break;
    }
    case "close":
      await close();
  }
};

async function open(message: OpenMessage): Promise<void> {
  try {
    model = openAlone(message, {
      onLost: (reason) => say({ type: "failed", message: reason }),
      onWarning: (reason) => say({ type: "warning", message: reason }),
    });
    const opened = await model;
    const { check, cache, about } = await examine(opened, message);
    const { cost, invariant } = check;
    opened.onWork = ({ part, prompts = 0, ...work }) => {
      // What a test shares is new to its body, and slow.
      const isTest = work.sequences > opened.shape.maxSequences;
      // The rows of a prompt may attend to far more than those that costs are for.
      if (!isTest && prompts === 0) cost.learn(part, work);
    };
    const { adapter } = message.artefact;
    const scheduler = new Scheduler(opened, {
      cost,
      now: () => performance.now(),
      partRows: invariant ? undefined : cache?.blockTokens ?? 16,
    });
    decoding = new Decoding({
      model: opened,
      drafting: new Drafting({ scheduler, cost, adapter }),
      invariant,
      cache,
    });
    grammars = new Grammars(() => readVocabulary(message.path));
    await decoding.warm(message.shared);
    say({
      type: "opened",
      passMs: cost.body(1) + cost.head(1),
      exact: invariant ? "bitwise" : "numerical",
      sequencesPerPass: scheduler.shape.maxSequences,
      prefix: about,
    });
    await firstText();
    await check.confirm();
    drafters.resolve(orWarn(() => addDrafters(opened, check)));
    await drafters.promise;
    await widen(opened, check);
    opened.freeOutputs(); // of the tests, which read many rows
    trimHeap(); // of what their texts had
  } catch (error) {
    say({ type: "failed", message: messageOf(error) });
  }
}

/**
 * Resolves when a first token is out, so that the rest of the opening does not delay it,
 * or when none is wanted.
 */
async function firstText(): Promise<void> {
  const quiet = delay(QUIET_MS).then(() => running.size > 0 && text.promise);
  await Promise.race([text.promise, quiet]);
}

/** Makes passes faster and larger, step by step, while requests are served. */
async function widen(opened: OrtModel, check: ModelCheck): Promise<void> {
  using _test = check;
  if (!check.invariant) return;
  await orWarn(() => addFew(opened, check));
  await orWarn(() =>
    widenPasses(opened, check, (sequencesPerPass) => {
      say({ type: "widened", sequencesPerPass });
    })
  );
}

/** Does what the model can be used without. */
async function orWarn(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    say({ type: "warning", message: messageOf(error) });
  }
}

/** Frees the model's memory once no native code runs, and what waits is stored. */
async function close(): Promise<void> {
  clearTimeout(rest);
  const opened = await model?.catch(() => {}); // said by then
  await deadline(Promise.resolve(decoding?.idle()), STORE_MS).catch(() => {});
  await opened?.close();
  say({ type: "closed" });
}

async function run(id: number, request: DecodeRequest): Promise<void> {
  clearTimeout(rest);
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  const { grammar, compiled, ...options } = request;
  try {
    if (ADAPTERS_OWN.has(request.draft)) {
      text.resolve();
      await drafters.promise;
    }
    using constraint = grammar && await grammars
      .constraint(grammar, compiled);
    const outputs = decoding!.decode({ ...options, constraint, signal });
    let before = performance.now();
    for await (const output of outputs) {
      const now = performance.now();
      say({ type: "output", id, output: { ...output, ms: now - before } });
      before = now;
      if (output.tokens.length > 0) text.resolve();
    }
    done(id);
  } catch (error) {
    done(id, { error: messageOf(error), fault: faultOf(error) });
  } finally {
    text.resolve();
    running.delete(id);
    if (running.size === 0) rest = setTimeout(trimHeap, REST_MS);
  }
}

function faultOf(error: unknown): Failure["fault"] {
  if (error instanceof GrammarError) return "request";
  return error instanceof DeviceMemoryError ? "memory" : "model";
}

function done(id: number, failure?: Failure): void {
  const { counters } = decoding!;
  say({
    type: "done",
    id,
    ...failure,
    ...counters && { counters },
  });
}

function say(message: FromWorker): void {
  self.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
