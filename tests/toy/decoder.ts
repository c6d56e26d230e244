/**
 * A decoder without a model: it says given tokens, some a burst, and counts, ends
 * and stops as the real one must.
 *
 * @module
 */

import type { AcceptedGuess } from "../../lib/bita/draft/trace.ts";
import type { Decoder } from "../../lib/engine/engine.ts";
import type { DecodeTask, TimedBurst } from "../../lib/worker/messages.ts";

/** A decoder that remembers what it was asked. */
export interface ToyDecoder extends Decoder {
  readonly tasks: DecodeTask[];
  /** Tokens that it has given. */
  readonly said: number[];
  /** Whether somebody left before the end. */
  readonly left: boolean;
}

/**
 * Makes a decoder that says `tokens`, `burst` of them at a time, and claims to have
 * known `cached` tokens of each prompt.
 */
export function toyDecoder(
  tokens: Iterable<number>,
  { burst = 1, guesses, cached }: {
    burst?: number;
    guesses?: AcceptedGuess[];
    cached?: number;
  } = {},
): ToyDecoder {
  const script = [...tokens];
  const tasks: DecodeTask[] = [];
  const said: number[] = [];
  let left = false;

  async function* decode(
    task: DecodeTask,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<TimedBurst> {
    tasks.push(task);
    const { prompt, maxTokens, endTokens } = task;
    const end = script.findIndex((token) => endTokens.has(token));
    const most = end < 0 ? script.length : end;
    const count = Math.min(most, maxTokens);
    const finish = count < maxTokens && end >= 0 ? "stop" : "length";
    left = true;
    try {
      yield {
        tokens: [],
        rows: 0,
        drafted: 0,
        accepted: 0,
        ms: prompt.length,
        ...(cached !== undefined && { cached }),
      };
      let at = 0;
      do {
        await Promise.resolve();
        signal.throwIfAborted();
        const next = script.slice(at, Math.min(at + burst, count));
        at += burst;
        said.push(...next);
        yield {
          tokens: next,
          rows: burst + 1,
          drafted: burst,
          accepted: Math.max(0, next.length - 1),
          ...guesses && { guesses },
          finish: at >= count ? finish : undefined,
          ms: 10,
        };
      } while (at < count);
      left = false;
    } catch (error) {
      left = false;
      throw error;
    }
  }
  return {
    tasks,
    said,
    get left() {
      return left;
    },
    decode,
  };
}
