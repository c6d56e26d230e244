/**
 * Several answers to one request: to a batch of prompts, and several to each. A prompt
 * is computed once, by its first answer; the others find it in the cache of prompts.
 *
 * @module
 */

import { MuxAsyncIterator } from "@std/async/mux-async-iterator";
import { uniform } from "../bita/choose/random.ts";
import type {
  Counts,
  Engine,
  GenerationEvent,
  GenerationRequest,
} from "./generation.ts";
import { Queue } from "./admission/queue.ts";

/** The most answers of one request that wait or run at once; others have their turn. */
const MOST_AT_ONCE = 8;

/**
 * Generates `n` answers to each of `requests`. Answers are numbered prompt by prompt,
 * in `choice`, and the counts of an event are those of all answers so far.
 *
 * The first answer to a prompt is the one that its request gets alone.
 *
 * @throws what an answer throws, once the others have been left.
 */
export async function* generateChoices(
  engine: Pick<Engine, "generate">,
  { requests, n }: { requests: readonly GenerationRequest[]; n: number },
  { signal }: { signal: AbortSignal },
): AsyncGenerator<GenerationEvent> {
  if (requests.length === 1 && n === 1) {
    return yield* engine.generate(requests[0], { signal });
  }
  const leaving = new AbortController();
  const either = AbortSignal.any([signal, leaving.signal]);
  const places = new Queue({ maxRunning: MOST_AT_ONCE, maxWaiting: Infinity });

  async function* answer(
    request: GenerationRequest,
    { after, onPrompt }: { after: Promise<void>; onPrompt: () => void },
  ): AsyncGenerator<GenerationEvent> {
    await after;
    try {
      using _place = await places.enter(0, either);
      yield* engine.generate(request, { signal: either, onPrompt });
    } finally {
      onPrompt(); // also where there was no place: the others wait for it
    }
  }

  const latest: Counts[] = [];
  const mux = new MuxAsyncIterator<GenerationEvent>();
  const answers: AsyncGenerator<GenerationEvent>[] = [];
  for (const [at, request] of requests.entries()) {
    const read = Promise.withResolvers<void>();
    for (let index = 0; index < n; index++) {
      const after = index === 0 ? Promise.resolve() : read.promise;
      const onPrompt = index === 0 ? read.resolve : () => {};
      const { sampling } = request;
      const seed = seedOf(sampling.seed, index);
      answers.push(numbered(
        answer({ ...request, sampling: { ...sampling, seed } }, {
          after,
          onPrompt,
        }),
        at * n + index,
      ));
    }
  }
  try {
    for (const one of answers) mux.add(one);
    for await (const event of mux) {
      if (event.type === "prompt") {
        yield event;
        continue;
      }
      const { usage, timings } = event.type === "end" ? event : event.counts;
      latest[event.choice!] = { usage, timings };
      const counts = addUp(latest, n);
      yield event.type === "end"
        ? { ...event, ...counts }
        : { ...event, counts };
    }
  } finally {
    leaving.abort();
    await Promise.allSettled(answers.map((one) => one.return(undefined)));
  }
}

async function* numbered(
  events: AsyncIterable<GenerationEvent>,
  choice: number,
): AsyncGenerator<GenerationEvent> {
  for await (const event of events) yield { ...event, choice };
}

/** Returns the seed of the answer to a prompt that has this index. */
function seedOf(seed: number, index: number): number {
  return index === 0 ? seed : Math.floor(uniform(seed, index) * 2 ** 32);
}

/** Adds up the counts of answers, `n` to a prompt, each prompt once. */
function addUp(latest: readonly (Counts | undefined)[], n: number): Counts {
  const all = latest.flatMap((counts, at) =>
    counts ? [{ ...counts, isFirst: at % n === 0 }] : []
  );
  const [first, ...others] = all;
  const usage = { ...first.usage };
  const timings = { ...first.timings };
  for (const other of others) {
    usage.completionTokens += other.usage.completionTokens;
    if (other.isFirst) {
      usage.promptTokens += other.usage.promptTokens;
      usage.cachedTokens += other.usage.cachedTokens;
    }
    if (usage.prediction && other.usage.prediction) {
      usage.prediction = {
        accepted: usage.prediction.accepted + other.usage.prediction.accepted,
        rejected: usage.prediction.rejected + other.usage.prediction.rejected,
      };
    }
    for (const name of Object.keys(timings) as (keyof typeof timings)[]) {
      timings[name] += other.timings[name];
    }
  }
  if (timings.predicted_ms > 0) {
    timings.predicted_per_second = timings.predicted_n / timings.predicted_ms *
      1000;
  }
  return { usage, timings };
}
