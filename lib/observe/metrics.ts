/**
 * Counts and times of generations, by vLLM's names where it has them and else by
 * llama.cpp's, so that their dashboards and scaling rules fit.
 *
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Course, followed } from "./followed.ts";
import type { Engine } from "../engine/generation.ts";
import type { PrefixCounters } from "../prefix/prefix_counters.ts";

type End = NonNullable<Course["end"]>;

/** What grows with each generation that came to its end. */
const COUNTS: [name: string, help: string, of: (end: End) => number][] = [
  ["vllm:prompt_tokens_total", "Prompt tokens.", (e) => e.usage.promptTokens],
  [
    "vllm:generation_tokens_total",
    "Generated tokens.",
    (e) => e.usage.completionTokens,
  ],
  [
    "vllm:prefix_cache_queries_total",
    "Prompt tokens looked up in the prefix cache.",
    (e) => e.usage.promptTokens,
  ],
  [
    "vllm:prefix_cache_hits_total",
    "Prompt tokens found there.",
    (e) => e.usage.cachedTokens,
  ],
  [
    "vllm:spec_decode_num_draft_tokens_total",
    "Tokens tried before they were sure.",
    (e) => e.timings.draft_n,
  ],
  [
    "vllm:spec_decode_num_accepted_tokens_total",
    "Tried tokens that were right.",
    (e) => e.timings.draft_n_accepted,
  ],
  ["llamacpp:n_decode_total", "Decoding passes.", (e) => e.timings.passes],
  ["bita:rows_total", "Rows of decoding passes.", (e) => e.timings.rows],
];

/** What is timed, in milliseconds, where it happened. */
const TIMES: [
  name: string,
  help: string,
  of: (c: Course) => number | undefined,
][] = [
  ["vllm:e2e_request_latency_seconds", "A generation.", (c) => c.ms],
  ["vllm:time_to_first_token_seconds", "Until text came.", (c) => c.firstMs],
  [
    "vllm:request_prefill_time_seconds",
    "Reading a prompt.",
    (c) => c.end?.timings.prompt_ms,
  ],
  [
    "vllm:request_decode_time_seconds",
    "Decoding.",
    (c) => c.end?.timings.predicted_ms,
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

const SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

/** What was counted since the start, by model. */
export class Metrics {
  readonly #now: () => number;
  readonly #registry = new Registry();
  readonly #counters: Counter[];
  readonly #timers: Histogram[];
  readonly #waiting: Gauge;
  readonly #running: Gauge;
  readonly #ends: Counter;
  readonly #responses: Counter;
  readonly #caches: {
    model: string;
    counters(): PrefixCounters | undefined;
  }[] = [];

  /** Counts with a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
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
    this.#waiting = new Gauge(
      about("vllm:num_requests_waiting", "Requests in line."),
    );
    this.#running = new Gauge(
      about("vllm:num_requests_running", "Requests at work."),
    );
    this.#ends = new Counter({
      ...about("vllm:request_success_total", "Generations by their end."),
      labelNames: ["model_name", "finished_reason"],
    });
    this.#responses = new Counter({
      ...about("http_responses_total", "HTTP responses by status."),
      labelNames: ["status"],
    });
    const caches = () =>
      this.#caches.map(({ model, counters }) => (
        { labels: { model_name: model }, counters: counters() }
      ));
    for (const [key, name, help] of CACHE_COUNTS) {
      new Counter({
        ...about(`bita:prefix_${name}_total`, help),
        collect() {
          this.reset();
          for (const { labels, counters } of caches()) {
            this.inc(labels, counters?.[key] ?? 0);
          }
        },
      });
    }
    for (const [key, name, help] of CACHE_SIZES) {
      new Gauge({
        ...about(`bita:prefix_${name}`, help),
        collect() {
          for (const { labels, counters } of caches()) {
            this.set(labels, counters?.[key] ?? 0);
          }
        },
      });
    }
  }

  /** Shows what a model's cache of prompts counts. */
  watchCache(model: string, counters: () => PrefixCounters | undefined): void {
    this.#caches.push({ model, counters });
  }

  /** Puts `line` before an engine, and counts who waits in it and who is at work. */
  watch(engine: Engine, line: (engine: Engine) => Engine): Engine {
    const { info } = engine;
    const labels = { model_name: info.id };
    const waiting = this.#waiting.labels(labels);
    const running = this.#running.labels(labels);
    for (const count of [waiting, running]) count.set(0);
    for (const counter of this.#counters) counter.inc(labels, 0);

    const atWork = new WeakSet<object>();
    const inLine = line({
      info,
      async *generate(request, options) {
        atWork.add(request);
        waiting.dec();
        running.inc();
        try {
          yield* engine.generate(request, options);
        } finally {
          running.dec();
        }
      },
    });
    const now = this.#now;
    const tell = (course: Course) => this.#count(course, labels);
    return {
      info,
      async *generate(request, { signal }) {
        waiting.inc();
        try {
          const events = inLine.generate(request, { signal });
          yield* followed(events, { signal, now, tell });
        } finally {
          if (!atWork.has(request)) waiting.dec();
        }
      },
    };
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

  #count(course: Course, labels: { model_name: string }): void {
    this.#ends.inc({ ...labels, finished_reason: course.outcome });
    for (const [i, [, , of]] of TIMES.entries()) {
      const ms = of(course);
      if (ms !== undefined) this.#timers[i].observe(labels, ms / 1000);
    }
    for (const [i, [, , of]] of COUNTS.entries()) {
      if (course.end) this.#counters[i].inc(labels, of(course.end));
    }
  }
}
