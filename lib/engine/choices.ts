/**
 * Several answers to one request: to a batch of prompts, and several to each. A prompt
 * is computed once, by its first answer; the others find it in the cache of prompts.
 *
 * @module
 */

import { MuxAsyncIterator } from "@std/async/mux-async-iterator";
import { uniform } from "../bita/choose/random.ts";
import type {
  Engine,
  GenerationEvent,
  GenerationRequest,
} from "./generation.ts";
import { addUp, type Counts, type OnBegin } from "./output_counter.ts";
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
  { signal, onBegin }: { signal: AbortSignal; onBegin?: OnBegin },
): AsyncGenerator<GenerationEvent> {
  if (requests.length === 1 && n === 1) {
    const options = { signal, ...onBegin && { onBegin } };
    return yield* engine.generate(requests[0], options);
  }
  const leaving = new AbortController();
  const either = AbortSignal.any([signal, leaving.signal]);
  const places = new Queue({ maxRunning: MOST_AT_ONCE, maxWaiting: Infinity });
  /** What reads the counts of each answer that the model has begun with. */
  const begun: (() => Counts)[] = [];
  const countAll = () => addUp(begun.map((read) => read()), n);

  async function* answer(
    request: GenerationRequest,
    { number, after, onPrompt }: {
      number: number;
      after: Promise<void>;
      onPrompt: () => void;
    },
  ): AsyncGenerator<GenerationEvent> {
    await after;
    try {
      using _place = await places.enter(0, either);
      yield* engine.generate(request, {
        signal: either,
        onPrompt,
        onBegin(read) {
          begun[number] = read;
          onBegin?.(countAll);
        },
      });
    } finally {
      onPrompt(); // also where there was no place: the others wait for it
    }
  }

  const mux = new MuxAsyncIterator<GenerationEvent>();
  const answers: AsyncGenerator<GenerationEvent>[] = [];
  for (const [at, request] of requests.entries()) {
    const read = Promise.withResolvers<void>();
    for (let index = 0; index < n; index++) {
      const number = at * n + index;
      const after = index === 0 ? Promise.resolve() : read.promise;
      const onPrompt = index === 0 ? read.resolve : () => {};
      const { sampling } = request;
      const seed = seedOf(sampling.seed, index);
      answers.push(numbered(
        answer({ ...request, sampling: { ...sampling, seed } }, {
          number,
          after,
          onPrompt,
        }),
        number,
      ));
    }
  }
  try {
    for (const one of answers) mux.add(one);
    for await (const event of mux) {
      if (event.type === "prompt") yield event;
      else if (event.type === "end") yield { ...event, ...countAll() };
      else yield { ...event, counts: countAll() };
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
