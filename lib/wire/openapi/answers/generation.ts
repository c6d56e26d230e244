/**
 * What chat and text completions answer: whole, and the chunks of their streams.
 *
 * @module
 */

import { z } from "zod";

const count = z.int().min(0);
const milliseconds = z.number().min(0);

const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
  completion_tokens_details: z.object({
    accepted_prediction_tokens: count,
    rejected_prediction_tokens: count,
  }).optional(),
});

/** What every reply reports of its generation. */
export const timings = z.object({
  prompt_n: count,
  prompt_ms: milliseconds,
  cache_n: count,
  predicted_n: count,
  predicted_ms: milliseconds,
  predicted_per_second: z.number().min(0).nullable(),
  draft_n: count,
  draft_n_accepted: count,
  passes: count,
  rows: count,
});

/** What every object of a reply repeats. */
const head = {
  id: z.string(),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
};

const traced = {
  prompt_trace: z.array(
    z.object({ text: z.string(), tokens: count, cached: z.boolean() }),
  ).optional(),
  draft_trace: z.object({
    ms: milliseconds,
    rows: count,
    drafted: count,
    tokens: z.array(z.object({
      text: z.string(),
      guess: z.object({
        drafters: z.array(z.string()),
        chance: z.number().optional(),
        depth: count,
        rank: count,
      }).nullable(),
    })),
  }).optional(),
};

const likely = {
  token: z.string(),
  logprob: z.number().nullable(),
  bytes: z.array(z.int().min(0).max(255)),
};

const chatLogprobs = z.object({
  content: z.array(
    z.object({ ...likely, top_logprobs: z.array(z.object(likely)) }),
  ),
  refusal: z.null(),
}).nullable();

const textLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number().nullable()).nullable()),
  text_offset: z.array(count),
}).nullable();

const call = {
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
};

const chatFinish = z.enum(["stop", "length", "tool_calls"]);
const textFinish = z.enum(["stop", "length"]);

/** The answer to a chat. */
export const chatCompletion = z.object({
  ...head,
  object: z.literal("chat.completion"),
  choices: z.array(z.object({
    index: count,
    message: z.object({
      role: z.literal("assistant"),
      content: z.string().nullable(),
      refusal: z.null(),
      tool_calls: z.array(z.object(call)).optional(),
    }),
    logprobs: chatLogprobs,
    finish_reason: chatFinish,
  })),
  usage,
  timings,
});

/** What a chunk may have besides its choices. */
const beside = {
  usage: usage.nullish(),
  timings: timings.optional(),
  ...traced,
};

/** A chunk of the stream of a chat. */
export const chatChunk = z.object({
  ...head,
  object: z.literal("chat.completion.chunk"),
  choices: z.array(z.object({
    index: count,
    delta: z.object({
      role: z.literal("assistant").optional(),
      content: z.string().optional(),
      tool_calls: z.array(z.object({
        index: count,
        id: call.id.optional(),
        type: call.type.optional(),
        function: z.object({
          name: z.string().optional(),
          arguments: z.string(),
        }),
      })).optional(),
    }),
    logprobs: chatLogprobs,
    finish_reason: chatFinish.nullable(),
  })),
  ...beside,
});

const textChoice = { text: z.string(), index: count, logprobs: textLogprobs };

/** The answer to a prompt. */
export const textCompletion = z.object({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(z.object({ ...textChoice, finish_reason: textFinish })),
  usage,
  timings,
});

/** A chunk of the stream of a text. */
export const textChunk = z.object({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(z.object({
    ...textChoice,
    finish_reason: textFinish.nullable(),
  })),
  ...beside,
});
