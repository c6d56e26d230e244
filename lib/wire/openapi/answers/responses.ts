/**
 * What responses answer, OpenAI's newer resource: whole, and the events of their streams.
 *
 * @module
 */

import { z } from "zod";

const count = z.int().min(0);

/** A response; it repeats what the request has asked for. */
export const response = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.number(),
  status: z.enum(["completed", "incomplete", "failed", "in_progress"]),
  model: z.string(),
  output: z.array(z.looseObject({ type: z.string(), id: z.string() })),
  usage: z.object({
    input_tokens: count,
    input_tokens_details: z.looseObject({ cached_tokens: count }),
    output_tokens: count,
    output_tokens_details: z.looseObject({ reasoning_tokens: count }),
    total_tokens: count,
  }).nullish(),
});

/** The data of an event of the stream of a response. */
export const responseEvent = z.looseObject({
  type: z.string(),
  sequence_number: count,
  response: response.optional(),
});

/** The number of tokens of a conversation. */
export const inputTokens = z.object({
  object: z.literal("response.input_tokens"),
  input_tokens: count,
});

/** That a response is deleted. */
export const deletedResponse = z.object({
  id: z.string(),
  object: z.literal("response"),
  deleted: z.literal(true),
});
