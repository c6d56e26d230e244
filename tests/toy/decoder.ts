/**
 * A decoder without a model: it says given tokens, some an output, and counts, ends
 * and stops as the real one must.
 *
 * @module
 */

import type { TokenScore } from "../../lib/bita/choose/logprobs.ts";
import type { AcceptedGuess } from "../../lib/bita/draft/feedback.ts";
import { Prediction } from "../../lib/bita/draft/prediction.ts";
import type { Decoder } from "../../lib/engine/engine.ts";
import { emptyOutput } from "../../lib/bita/decode/output.ts";
import type { DecodeRequest, TimedOutput } from "../../lib/worker/messages.ts";

/** A decoder that remembers what it was asked. */
export interface ToyDecoder extends Decoder {
  readonly requests: DecodeRequest[];
  /** Tokens that it has given. */
  readonly said: number[];
  /** Whether somebody left before the end. */
  readonly left: boolean;
}

/** Scores a token by its id; the likely ones in its place are the ids after it. */
function toyScore(id: number, most: number): TokenScore {
  const top = Array.from({ length: most }, (_, rank) => ({
    id: (id + rank) % 256,
    logprob: -rank - id / 1000,
  }));
  return { id, logprob: -id / 1000, top };
}

/** Scores answers by their lengths. */
function* scoreAnswers(
  prompts: NonNullable<DecodeRequest["prompts"]>,
  cached = 0,
): Generator<TimedOutput> {
  yield { ...emptyOutput(), cached, ms: 0 };
  for (const { answers } of prompts) {
    const logprobs = answers.map(({ length }) => -length);
    yield { ...emptyOutput(), answers: logprobs, ms: 0 };
  }
}

/**
 * Makes a decoder that says `tokens`, `output` of them at a time, and claims to have
 * known `cached` tokens of each prompt.
 */
export function toyDecoder(
  tokens: Iterable<number>,
  { output = 1, guesses, cached }: {
    output?: number;
    guesses?: AcceptedGuess[];
    cached?: number;
  } = {},
): ToyDecoder {
  const script = [...tokens];
  const requests: DecodeRequest[] = [];
  const said: number[] = [];
  let left = false;

  async function* decode(
    request: DecodeRequest,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<TimedOutput> {
    requests.push(request);
    if (request.prompts) return yield* scoreAnswers(request.prompts, cached);
    const scored = (ids: Iterable<number>) =>
      request.logprobs === undefined
        ? {}
        : { scores: Array.from(ids, (id) => toyScore(id, request.logprobs!)) };
    const { prompt, maxTokens, endTokens } = request;
    const prediction = request.prediction && new Prediction(request.prediction);
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
        ...scored(request.scorePrompt ? prompt.subarray(1) : []),
      };
      let at = 0;
      do {
        await Promise.resolve();
        signal.throwIfAborted();
        const next = script.slice(at, Math.min(at + output, count));
        at += output;
        said.push(...next);
        for (const token of next) prediction?.push(token);
        yield {
          tokens: next,
          rows: output + 1,
          drafted: output,
          accepted: Math.max(0, next.length - 1),
          ...guesses && { guesses },
          ...scored(
            finish === "stop" && at >= count ? [...next, script[end]] : next,
          ),
          ...prediction && { predicted: prediction.accepted },
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
    requests,
    said,
    get left() {
      return left;
    },
    decode,
  };
}
