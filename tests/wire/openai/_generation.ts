/**
 * A short generation and what OpenAI's wire makes of its counts.
 *
 * @module
 */

import type { GenerationEvent } from "../../../lib/engine/generation.ts";
import type { End } from "../../../lib/wire/openai/reply.ts";

/** Timings that mean nothing but are all different. */
export const timings = {
  prompt_n: 2,
  prompt_ms: 3,
  cache_n: 4,
  predicted_n: 5,
  predicted_ms: 6,
  predicted_per_second: 7,
  draft_n: 8,
  draft_n_accepted: 9,
  passes: 10,
  rows: 11,
};

/** The end of a generation. */
export const end: End = {
  type: "end",
  finishReason: "stop",
  usage: { promptTokens: 6, completionTokens: 5, cachedTokens: 4 },
  timings,
};

/** A whole generation. */
export const hello: GenerationEvent[] = [
  { type: "text", text: "Hello", counts: end },
  { type: "text", text: " you", counts: end },
  end,
];

/** Its counts on the wire. */
export const usage = {
  prompt_tokens: 6,
  completion_tokens: 5,
  total_tokens: 11,
  prompt_tokens_details: { cached_tokens: 4 },
};

/** Plays events. */
export async function* of(
  events: GenerationEvent[],
): AsyncGenerator<GenerationEvent> {
  yield* events;
}
