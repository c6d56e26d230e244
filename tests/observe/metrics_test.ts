import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { ApiError } from "../../lib/engine/errors.ts";
import type {
  Engine,
  GenerationRequest,
  ModelState,
} from "../../lib/engine/generation.ts";
import { Queue } from "../../lib/engine/admission/queue.ts";
import { Metrics } from "../../lib/observe/metrics.ts";
import { observed } from "../../lib/observe/observed.ts";
import { newCounters } from "../../lib/prefix/prefix_counters.ts";
import { toyEngine } from "../toy/engine.ts";

/** A request that the toy answers. */
function request(): GenerationRequest {
  return {
    prompt: { text: "a b c" },
    sampling: GREEDY,
    stop: [],
    draft: "auto",
    cache: { caller: "", salt: "" },
  };
}

/** Watches a model named "toy", of which nothing is in use. */
function metrics(
  { queue = new Queue({ maxRunning: 1 }), counters = newCounters() } = {},
): { counts: Metrics; model: { state: ModelState; restarts: number } } {
  const counts = new Metrics();
  const model = { queue, state: "ready" as ModelState, restarts: 0, counters };
  counts.watch("toy", model);
  return { counts, model };
}

/** Starts a generation that is counted when it is over. */
function observe(
  engine: Engine,
  counts: Metrics,
  { signal = new AbortController().signal, clock = () => performance.now() } =
    {},
) {
  return observed(
    (onBegin) => engine.generate(request(), { signal, onBegin }),
    {
      signal,
      clock,
      report: (report) => counts.countGeneration("toy", report),
    },
  );
}

/** Reads a metric of the toy, its further labels as they are written. */
async function read(counts: Metrics, name: string, labels = "") {
  const { text } = await counts.report();
  const start = `${name}{model_name="toy"${labels}} `;
  const line = text.split("\n").find((line) => line.startsWith(start));
  return line && Number(line.slice(start.length));
}

/** Reads how many generations ended for a reason. */
function ends(counts: Metrics, reason: string) {
  const labels = `,finished_reason="${reason}"`;
  return read(counts, "vllm:request_success_total", labels);
}

Deno.test("Metrics counts tokens, passes and ends", async () => {
  const { counts } = metrics();
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 0);
  for (let n = 0; n < 2; n++) {
    await Array.fromAsync(observe(toyEngine(), counts));
  }
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 8);
  assertEquals(await read(counts, "vllm:prompt_tokens_total"), 6);
  assertEquals(await read(counts, "vllm:prefix_cache_hits_total"), 2);
  assertEquals(await read(counts, "llamacpp:n_decode_total"), 8);
  assertEquals(await ends(counts, "stop"), 2);
});

Deno.test("Metrics counts the tokens of a stream that was left", async () => {
  const { counts } = metrics();
  let words = 0;
  for await (const _ of observe(toyEngine(), counts)) if (++words === 3) break;
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 3);
  assertEquals(await read(counts, "vllm:prompt_tokens_total"), 3);
  assertEquals(await ends(counts, "abort"), 1);
});

Deno.test("Metrics counts the tokens of a generation that was cut off", async () => {
  const { counts } = metrics();
  const stopping = new AbortController();
  const { signal } = stopping;
  await assertRejects(async () => {
    for await (const _ of observe(toyEngine(), counts, { signal })) {
      stopping.abort(new Error("late"));
    }
  });
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 1);
  assertEquals(await ends(counts, "abort"), 1);
});

Deno.test("Metrics takes what a client did wrong for no error, and no latency", async () => {
  const { counts } = metrics();
  const failures: [Error, string][] = [
    [new ApiError(400, "wrong"), "refused"],
    [new ApiError(429, "full"), "refused"],
    [new ApiError(503, "down"), "error"],
    [new RangeError("broken"), "error"],
  ];
  for (const [failure] of failures) {
    const toy = toyEngine({
      pace() {
        throw failure;
      },
    });
    await assertRejects(() => Array.fromAsync(observe(toy, counts)));
  }
  assertEquals(
    [await ends(counts, "refused"), await ends(counts, "error")],
    [2, 2],
  );
  const seen = "vllm:e2e_request_latency_seconds_count";
  assertEquals(await read(counts, seen), 2);
});

Deno.test("Metrics times in seconds", async () => {
  let now = 0;
  const { counts } = metrics();
  const toy = toyEngine({
    pace: (word) => {
      now += word === 0 ? 2000 : 500;
    },
  });
  await Array.fromAsync(observe(toy, counts, { clock: () => now }));
  const sum = (name: string) => read(counts, `${name}_sum`);
  assertEquals(await sum("vllm:time_to_first_token_seconds"), 2);
  assertEquals(await sum("vllm:e2e_request_latency_seconds"), 4);
  assertEquals(await sum("vllm:request_prefill_time_seconds"), 0.001);
});

Deno.test("Metrics shows how many requests wait and run", async () => {
  const queue = new Queue({ maxRunning: 1, maxWaiting: 2 });
  const { counts } = metrics({ queue });
  const line = async () => [
    await read(counts, "vllm:num_requests_running"),
    await read(counts, "vllm:num_requests_waiting"),
  ];
  assertEquals(await line(), [0, 0]);
  const { signal } = new AbortController();
  const first = await queue.enter(1, signal);
  const others = [queue.enter(1, signal), queue.enter(1, signal)];
  assertEquals(await line(), [1, 2]);
  first[Symbol.dispose]();
  for (const other of others) (await other)[Symbol.dispose]();
  assertEquals(await line(), [0, 0]);
});

Deno.test("Metrics.report() is Prometheus's text format", async () => {
  const counts = new Metrics();
  counts.countResponse(429);
  const { text, contentType } = await counts.report();
  assertStringIncludes(contentType, "text/plain; version=0.0.4");
  assertStringIncludes(text, 'http_responses_total{status="429"} 1');
});

Deno.test("Metrics shows what a cache counts", async () => {
  const cache = newCounters();
  const { counts } = metrics({ counters: cache });
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 0);
  cache.memoryHits = 3;
  cache.storeBytes = 70_000;
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 3);
  assertEquals(await read(counts, "bita:prefix_store_bytes"), 70_000);
  cache.memoryHits = 5;
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 5);
});

Deno.test("Metrics shows what a model is doing, and how often it was restarted", async () => {
  const { counts, model } = metrics();
  const states = () =>
    Promise.all(
      ["starting", "ready", "failed", "stopped"].map((state) =>
        read(counts, "bita:model_state", `,state="${state}"`)
      ),
    );
  assertEquals(await states(), [0, 1, 0, 0]);
  assertEquals(await read(counts, "bita:model_restarts_total"), 0);
  model.state = "failed";
  model.restarts = 2;
  assertEquals(await states(), [0, 0, 1, 0]);
  assertEquals(await read(counts, "bita:model_restarts_total"), 2);
});
