/**
 * A model in a thread of its own, so that passes never stall the HTTP loop. The
 * decoding loop runs here too: logits need not cross between threads.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { Cost } from "../bita/cost/cost_curve.ts";
import {
  addDrafters,
  checkModel,
  measureCost,
  type ModelCheck,
  widenPasses,
} from "./check_model.ts";
import { Decoding } from "./decoding.ts";
import { Drafting } from "./drafting.ts";
import { Embedding } from "./embedding.ts";
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
import { openPrefixCache } from "../prefix/open_prefix_cache.ts";
import type { PrefixCache } from "../prefix/prefix_cache.ts";
import type { Draft } from "../engine/generation.ts";
import { DeviceMemoryError } from "../runtime/backend.ts";
import { openBackend } from "../runtime/choose_backend.ts";
import { fingerprint } from "../runtime/fingerprint.ts";
import { kvBytes } from "../runtime/kv/kv_layout.ts";
import { openModel } from "../runtime/open_model.ts";
import type { OrtModel } from "../runtime/ort_model.ts";
import { type PassSamples, readCost, writeCost } from "./known_cost.ts";
import { Scheduler } from "./scheduler.ts";

/** Values of a request's `draft` that wait for what the adapter needs. */
const ADAPTERS_OWN: ReadonlySet<Draft> = new Set(["bita", "hydra"]);

const running = new Map<number, AbortController>();
/** The model, from when it begins to open. */
let model: Promise<OrtModel> | undefined;
/** Settles when the adapter drafts, or is known not to. */
const drafters = Promise.withResolvers<void>();
let decoding: Decoding, embedding: Embedding;
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
      running.get(data.id)?.abort();
      break;
    case "erase":
      say({
        type: "erased",
        id: data.id,
        ...await decoding.erase(data.caller),
      });
      break;
    case "close":
      await close();
  }
};

async function open(message: OpenMessage): Promise<void> {
  try {
    model = openBackendAndModel(message);
    const opened = await model;
    const check = await checkModel(opened, () => costOf(opened, message));
    const { cost, invariant } = check;
    opened.onWork = ({ part, prompts = 0, ...work }) => {
      // What a test shares is new to its body, and slow.
      const isTest = work.sequences > opened.shape.maxSequences;
      // The rows of a prompt may attend to far more than those that costs are for.
      if (!isTest && prompts === 0) cost.learn(part, work);
    };
    const { adapter } = message.artefact;
    const prefixes = await openPrefixes(message, { model: opened, cost });
    const scheduler = new Scheduler(opened, {
      cost,
      now: () => performance.now(),
      partRows: invariant ? undefined : prefixes.cache?.blockTokens ?? 16,
    });
    decoding = new Decoding({
      model: opened,
      drafting: new Drafting({ scheduler, cost, adapter }),
      invariant,
      cache: prefixes.cache,
    });
    embedding = new Embedding(opened, scheduler);
    grammars = new Grammars(() => readVocabulary(message.path));
    await decoding.warm(message.shared);
    say({
      type: "opened",
      passMs: cost.body(1) + cost.head(1),
      exact: invariant ? "bitwise" : "numerical",
      sequencesPerPass: scheduler.shape.maxSequences,
      prefix: prefixes.about,
    });
    drafters.resolve(orWarn(() => addDrafters(opened, check)));
    await drafters.promise;
    await widen(opened, check);
  } catch (error) {
    say({ type: "failed", message: messageOf(error) });
  }
}

/** Returns what passes cost, as noted or as measured now. */
async function costOf(
  opened: OrtModel,
  { artefact: { folder }, backend, threads }: OpenMessage,
): Promise<PassSamples> {
  const place = { folder, backend, threads };
  const known = await readCost(place, Date.now());
  if (known) return known;
  const samples = await measureCost(opened);
  await writeCost(place, samples, Date.now());
  return samples;
}

async function openBackendAndModel(message: OpenMessage): Promise<OrtModel> {
  const backend = await openBackend(message.backend, message);
  backend.lost?.then((message) => say({ type: "failed", message }));
  try {
    return await openModel(backend, message.artefact, {
      context: message.context,
      draftLater: true,
    });
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** Makes passes larger, step by step, while requests are served. */
async function widen(opened: OrtModel, check: ModelCheck): Promise<void> {
  using _test = check;
  if (!check.invariant) return;
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

/** Frees the model's memory once no native code runs. */
async function close(): Promise<void> {
  const opened = await model?.catch(() => {}); // said by then
  await opened?.close();
  say({ type: "closed" });
}

async function run(id: number, request: DecodeRequest): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  const { grammar, compiled, ...options } = request;
  try {
    if (ADAPTERS_OWN.has(request.draft)) await drafters.promise;
    using constraint = grammar && await grammars
      .constraint(grammar, compiled);
    const outputs = options.pooling
      ? embedding.embed({ ...options, pooling: options.pooling, signal })
      : decoding.decode({ ...options, constraint, signal });
    let before = performance.now();
    for await (const output of outputs) {
      const now = performance.now();
      say({ type: "output", id, output: { ...output, ms: now - before } });
      before = now;
    }
    done(id);
  } catch (error) {
    done(id, { error: messageOf(error), fault: faultOf(error) });
  } finally {
    running.delete(id);
  }
}

function faultOf(error: unknown): Failure["fault"] {
  if (error instanceof GrammarError) return "request";
  return error instanceof DeviceMemoryError ? "memory" : "model";
}

function done(id: number, failure?: Failure): void {
  const { counters } = decoding;
  say({
    type: "done",
    id,
    ...failure,
    ...counters && { counters },
  });
}

/** Opens the cache of prompts. */
async function openPrefixes(
  { artefact, backend, threads, prefix }: OpenMessage,
  { model, cost }: { model: OrtModel; cost: Cost },
): Promise<{ cache?: PrefixCache; about: string }> {
  if (prefix.mode === "off") return { about: "off" };
  return await openPrefixCache(prefix, {
    fingerprint: await fingerprint({ artefact, backend, threads, model }),
    bytesPerToken: kvBytes(artefact.config, 1),
    computeMs: cost.body,
    now: Date.now,
  });
}

function say(message: FromWorker): void {
  self.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
