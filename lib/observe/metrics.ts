/**
 * Counts and times of generations, by vLLM's names where it has them and else by
 * llama.cpp's, so that their dashboards and scaling rules fit.
 *
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { GenerationReport } from "./observed.ts";
import type { ModelState } from "../engine/generation.ts";
import type { Counts } from "../engine/output_counter.ts";
import type { Queue } from "../engine/admission/queue.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";

/** What grows with each generation, by what it had taken when it was over. */
const COUNTS: [
  name: string,
  help: string,
  of: (counts: Counts, made: GenerationReport["made"]) => number,
][] = [
  ["vllm:prompt_tokens_total", "Prompt tokens.", (c) => c.usage.promptTokens],
  [
    "vllm:generation_tokens_total",
    "Generated tokens.",
    (c) => c.usage.completionTokens,
  ],
  [
    "vllm:prefix_cache_queries_total",
    "Prompt tokens looked up in the prefix cache.",
    // Without a pass nothing was looked up; decisions need none.
    ({ usage, timings }, made) =>
      timings.passes > 0 || made === "decisions" ? usage.promptTokens : 0,
  ],
  [
    "vllm:prefix_cache_hits_total",
    "Prompt tokens found there.",
    (c) => c.usage.cachedTokens,
  ],
  [
    "vllm:spec_decode_num_draft_tokens_total",
    "Tokens tried before they were sure.",
    (c) => c.timings.draft_n,
  ],
  [
    "vllm:spec_decode_num_accepted_tokens_total",
    "Tried tokens that were right.",
    (c) => c.timings.draft_n_accepted,
  ],
  ["llamacpp:n_decode_total", "Decoding passes.", (c) => c.timings.passes],
  ["bita:rows_total", "Rows of decoding passes.", (c) => c.timings.rows],
];

/** What is timed, in milliseconds, where it happened. */
const TIMES: [
  name: string,
  help: string,
  of: (report: GenerationReport) => number | undefined,
][] = [
  ["vllm:e2e_request_latency_seconds", "A generation.", (r) => r.ms],
  ["vllm:time_to_first_token_seconds", "Until text came.", (r) => r.firstMs],
  [
    "vllm:request_prefill_time_seconds",
    "Reading a prompt.",
    (r) => r.counts?.timings.prompt_ms || undefined, // it may not have ended
  ],
  [
    "vllm:request_decode_time_seconds",
    "Decoding.",
    (r) => r.counts?.timings.passes ? r.counts.timings.predicted_ms : undefined,
  ],
];

/** What caches of prompts count. */
const CACHE_COUNTS: [key: keyof PrefixCounters, name: string, help: string][] =
  [
    ["memoryHits", "memory_hits", "Blocks of prompts found in memory."],
    ["storeHits", "store_hits", "Blocks of prompts read from the KV."],
    ["misses", "misses", "Blocks of prompts that were in neither."],
    ["written", "written", "Blocks written to the KV."],
    ["dropped", "dropped", "Blocks that were to be written, but were not."],
    ["corrupt", "corrupt", "Records of the KV that were refused."],
    ["timeouts", "timeouts", "Calls of the KV that took too long."],
    ["failures", "failures", "Calls of the KV that failed."],
    ["memoryEvictions", "memory_evictions", "Blocks that left memory."],
    ["storeEvictions", "store_evictions", "Blocks that left the KV."],
  ];

/** What caches of prompts hold. */
const CACHE_SIZES: [key: keyof PrefixCounters, name: string, help: string][] = [
  ["memoryBytes", "memory_bytes", "Bytes of prompts in memory."],
  ["storeBytes", "store_bytes", "Bytes of prompts in the KV."],
];

/** What is shown of a model's queue. */
const QUEUE: [key: "waiting" | "running", name: string, help: string][] = [
  ["waiting", "vllm:num_requests_waiting", "Requests that wait."],
  ["running", "vllm:num_requests_running", "Requests that run."],
];

/** The parts of a model that are looked at when metrics are read. */
export interface WatchedModel {
  /** None before the model is loaded. */
  readonly queue: Pick<Queue, "waiting" | "running"> | undefined;
  readonly state: ModelState;
  readonly restarts: number;
  /** What the prefix cache in the model's worker has done. */
  readonly counters: PrefixCounters | undefined;
}

/** Returns a number of a model; none counts as 0. */
type Look = (model: WatchedModel) => number | undefined;

const STATES: ModelState[] = [
  "asleep",
  "starting",
  "ready",
  "failed",
  "stopped",
];

const SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

/** What was counted since the start, by model. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters: Counter[];
  readonly #timers: Histogram[];
  readonly #ends: Counter;
  readonly #responses: Counter;
  readonly #models = new Map<string, WatchedModel>();

  constructor() {
    const about = (name: string, help: string) => ({
      name,
      help,
      labelNames: ["model_name"],
      registers: [this.#registry],
    });
    this.#counters = COUNTS.map(([name, help]) =>
      new Counter(about(name, help))
    );
    this.#timers = TIMES.map(([name, help]) =>
      new Histogram({ ...about(name, help), buckets: SECONDS })
    );
    this.#ends = new Counter({
      ...about("vllm:request_success_total", "Generations by their end."),
      labelNames: ["model_name", "finished_reason"],
    });
    this.#responses = new Counter({
      ...about("http_responses_total", "HTTP responses by status."),
      labelNames: ["status"],
    });
    const models = this.#models;
    const gauge = (name: string, help: string, of: Look) =>
      new Gauge({
        ...about(name, help),
        collect() {
          for (const [id, model] of models) {
            this.set({ model_name: id }, of(model) ?? 0);
          }
        },
      });
    const counter = (name: string, help: string, of: Look) =>
      new Counter({
        ...about(name, help),
        collect() {
          this.reset();
          for (const [id, model] of models) {
            this.inc({ model_name: id }, of(model) ?? 0);
          }
        },
      });
    for (const [key, name, help] of QUEUE) {
      gauge(name, help, ({ queue }) => queue?.[key]);
    }
    new Gauge({
      ...about("bita:model_state", "1 for the state that a model is in."),
      labelNames: ["model_name", "state"],
      collect() {
        for (const [id, model] of models) {
          for (const state of STATES) {
            this.set({ model_name: id, state }, Number(model.state === state));
          }
        }
      },
    });
    counter(
      "bita:model_restarts_total",
      "Times a model was opened again.",
      ({ restarts }) => restarts,
    );
    for (const [key, name, help] of CACHE_COUNTS) {
      const of: Look = ({ counters }) => counters?.[key];
      counter(`bita:prefix_${name}_total`, help, of);
    }
    for (const [key, name, help] of CACHE_SIZES) {
      gauge(`bita:prefix_${name}`, help, ({ counters }) => counters?.[key]);
    }
  }

  /** Shows a model's queue, state and cache, and its counts from zero on. */
  watch(id: string, watched: WatchedModel): void {
    for (const counter of this.#counters) counter.inc({ model_name: id }, 0);
    this.#models.set(id, watched);
  }

  /** Counts a generation that is over. */
  countGeneration(model: string, report: GenerationReport): void {
    const labels = { model_name: model };
    const { outcome, counts, made } = report;
    this.#ends.inc({ ...labels, finished_reason: outcome });
    if (outcome === "refused") return;
    for (const [i, [, , of]] of TIMES.entries()) {
      const ms = of(report);
      if (ms !== undefined) this.#timers[i].observe(labels, ms / 1000);
    }
    for (const [i, [, , of]] of COUNTS.entries()) {
      if (counts) this.#counters[i].inc(labels, of(counts, made));
    }
  }

  /** Counts an HTTP response. */
  countResponse(status: number): void {
    this.#responses.inc({ status });
  }

  /** Writes all down in Prometheus's text format. */
  async report(): Promise<{ text: string; contentType: string }> {
    const { contentType } = this.#registry;
    return { text: await this.#registry.metrics(), contentType };
  }
}
