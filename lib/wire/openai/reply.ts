/**
 * What the replies of both resources have in common.
 *
 * @module
 */

import type { CompletionUsage } from "openai/resources";
import type { CallPart } from "../../tools/tool.ts";
import type { GenerationEvent, ScoredToken } from "../../engine/generation.ts";
import type { Timings, Usage } from "../../engine/output_counter.ts";
import type { PassTrace, PromptPart } from "../../engine/trace.ts";

/** What every object of one reply repeats. */
export interface ReplyHead {
  id: string;
  /** Unix time in seconds. */
  created: number;
  model: string;
  system_fingerprint: string;
}

/** This server's own addition to OpenAI's objects. */
export interface Timed {
  timings?: Timings;
}

/** This server's own addition to the chunks of streams that ask for it. */
export interface Traced {
  draft_trace?: PassTrace;
  prompt_trace?: PromptPart[];
}

/** Returns the pass of an event, if it is traced. */
export function toTrace({ pass }: { pass?: PassTrace }): Traced {
  return pass ? { draft_trace: pass } : {};
}

/** What a reply must know beforehand. */
export interface ReplyOptions {
  /** Answers that it has. @default 1 */
  choices?: number;
}

/** How a stream is written. */
export interface StreamOptions extends ReplyOptions {
  /** Whether the usage follows in a chunk of its own, before the end. */
  includeUsage: boolean;
  /** Whether the chunks before it have the usage so far. */
  continuousUsage?: boolean;
}

/** The data of the event that closes a stream. */
export const DONE = "[DONE]";

/** The last event of a generation. */
export type End = Extract<GenerationEvent, { type: "end" }>;

/** One whole answer. */
export interface Answer {
  text: string;
  /** Its tokens, if they are scored. */
  tokens: ScoredToken[] | undefined;
  /** The parts of its calls of tools. */
  calls: CallPart[];
  finishReason: End["finishReason"];
}

/** Waits for a whole generation: its answers, and the end of the last. */
export async function collect(
  events: AsyncIterable<GenerationEvent>,
  { choices = 1 }: ReplyOptions = {},
): Promise<{ answers: Answer[]; end: End }> {
  const answers = Array.from({ length: choices }, (): Answer => ({
    text: "",
    tokens: undefined,
    calls: [],
    finishReason: "stop",
  }));
  let open = choices;
  for await (const event of events) {
    const answer = answers[event.choice ?? 0];
    if (event.type === "text") {
      answer.text += event.text;
      answer.calls.push(...event.calls ?? []);
      if (event.tokens) (answer.tokens ??= []).push(...event.tokens);
    }
    if (event.type !== "end") continue;
    answer.finishReason = event.finishReason;
    if (--open === 0) return { answers, end: event };
  }
  throw missingEnd();
}

/** The failure of an engine that stops without its last event. */
export function missingEnd(): TypeError {
  return new TypeError(
    "Cannot finish the reply: a generation must yield its end: received none",
  );
}

/** Returns the counts of tokens under OpenAI's names. */
export function toUsage(usage: Usage): CompletionUsage {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    ...(usage.prediction && {
      completion_tokens_details: {
        accepted_prediction_tokens: usage.prediction.accepted,
        rejected_prediction_tokens: usage.prediction.rejected,
      },
    }),
  };
}
