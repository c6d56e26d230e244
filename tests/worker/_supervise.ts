/**
 * A supervisor of toy workers, and requests to it.
 *
 * @module
 */

import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { ModelClient } from "../../lib/worker/client.ts";
import type { OpenMessage } from "../../lib/worker/messages.ts";
import { Supervisor } from "../../lib/worker/supervisor.ts";

/** Supervises a toy worker, whose pauses last until they are ended. */
export function supervise(
  { patienceMs = 60_000 }: { patienceMs?: number } = {},
) {
  const failures: string[] = [];
  const pauses: number[] = [];
  const ends: (() => void)[] = [];
  const world = { context: 64, givenUp: "", other: false };
  const supervisor = new Supervisor({
    id: "toy",
    open: () =>
      ModelClient.open(
        { context: world.context } as Omit<OpenMessage, "type">,
        { module: import.meta.resolve("./_toy_worker.ts") },
      ),
    onFailure: ({ message }) => failures.push(message),
    onGivenUp: ({ message }) => world.givenUp = message,
    isAnotherServed: () => world.other,
    pause(ms) {
      pauses.push(ms);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.push(resolve);
      return promise;
    },
    patienceMs,
  });
  return { supervisor, failures, pauses, ends, world };
}

/** Decodes a prompt of one token; returns the tokens of the answer. */
export async function decode(
  supervisor: Supervisor,
  first: number,
  signal = new AbortController().signal,
): Promise<number[]> {
  const outputs = supervisor.decode({
    prompt: Int32Array.of(first),
    sampling: GREEDY,
    maxTokens: 4,
    endTokens: new Set(),
    draft: "auto",
    trace: false,
    cache: { caller: "", salt: "" },
  }, { signal });
  const tokens = await Array.fromAsync(outputs, ({ tokens }) => tokens);
  return tokens.flat();
}

/** Waits until something holds, and fails if that takes seconds. */
export async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries === 500) throw new Error("Cannot go on: nothing happened in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
