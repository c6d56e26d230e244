import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import type { Engine, GenerationRequest } from "../../lib/engine/generation.ts";
import { Metrics } from "../../lib/observe/metrics.ts";
import { newCounters } from "../../lib/prefix/prefix_counters.ts";
import { queued } from "../../lib/engine/queue.ts";
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

/** Lets one request run at a time. */
const inLine = (engine: Engine) =>
  queued(engine, { maxRunning: 1, maxWaiting: 2 });

/** Generates to the end, or until the signal aborts. */
function run(engine: Engine, signal = new AbortController().signal) {
  return Array.fromAsync(engine.generate(request(), { signal }));
}

/** Reads a metric of the toy, its further labels as they are written. */
async function read(counts: Metrics, name: string, labels = "") {
  const { text } = await counts.report();
  const start = `${name}{model_name="toy"${labels}} `;
  const line = text.split("\n").find((line) => line.startsWith(start));
  return line && Number(line.slice(start.length));
}

Deno.test("Metrics.watch() counts tokens, passes and ends", async () => {
  const counts = new Metrics();
  const engine = counts.watch(toyEngine(), inLine);
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 0);
  await run(engine);
  await run(engine);
  assertEquals(await read(counts, "vllm:generation_tokens_total"), 8);
  assertEquals(await read(counts, "vllm:prompt_tokens_total"), 6);
  assertEquals(await read(counts, "vllm:prefix_cache_hits_total"), 2);
  assertEquals(await read(counts, "llamacpp:n_decode_total"), 8);
  const ends = await read(
    counts,
    "vllm:request_success_total",
    ',finished_reason="stop"',
  );
  assertEquals(ends, 2);
});

Deno.test("Metrics.watch() times in seconds", async () => {
  let now = 0;
  const counts = new Metrics(() => now);
  const toy = toyEngine({
    pace: (word) => {
      now += word === 0 ? 2000 : 500;
    },
  });
  await run(counts.watch(toy, inLine));
  const sum = (name: string) => read(counts, `${name}_sum`);
  assertEquals(await sum("vllm:time_to_first_token_seconds"), 2);
  assertEquals(await sum("vllm:e2e_request_latency_seconds"), 4);
  assertEquals(await sum("vllm:request_prefill_time_seconds"), 0.001);
});

Deno.test("Metrics.watch() knows who waits and who is at work", async () => {
  const gate = Promise.withResolvers<void>();
  const counts = new Metrics();
  const toy = toyEngine({ pace: () => gate.promise });
  const engine = counts.watch(toy, inLine);
  const line = async () => [
    await read(counts, "vllm:num_requests_running"),
    await read(counts, "vllm:num_requests_waiting"),
  ];
  assertEquals(await line(), [0, 0]);
  const leaving = new AbortController();
  const runs = [run(engine), run(engine), run(engine, leaving.signal)];
  assertEquals(await line(), [1, 2]);
  await assertRejects(() => run(engine), Error, "at most 2 may wait");
  assertEquals(await line(), [1, 2]);
  leaving.abort();
  await assertRejects(() => runs[2]);
  assertEquals(await line(), [1, 1]);
  gate.resolve();
  await Promise.all(runs.slice(0, 2));
  assertEquals(await line(), [0, 0]);

  const ends = (reason: string) =>
    read(
      counts,
      "vllm:request_success_total",
      `,finished_reason="${reason}"`,
    );
  assertEquals([await ends("abort"), await ends("error")], [1, 1]);
});

Deno.test("Metrics.report() is Prometheus's text format", async () => {
  const counts = new Metrics();
  counts.countResponse(429);
  const { text, contentType } = await counts.report();
  assertStringIncludes(contentType, "text/plain; version=0.0.4");
  assertStringIncludes(text, 'http_responses_total{status="429"} 1');
});

Deno.test("Metrics.watchCache() shows what a cache counts", async () => {
  const counts = new Metrics();
  const cache = newCounters();
  counts.watchCache("toy", () => cache);
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 0);
  cache.memoryHits = 3;
  cache.storeBytes = 70_000;
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 3);
  assertEquals(await read(counts, "bita:prefix_store_bytes"), 70_000);
  cache.memoryHits = 5;
  assertEquals(await read(counts, "bita:prefix_memory_hits_total"), 5);
});
