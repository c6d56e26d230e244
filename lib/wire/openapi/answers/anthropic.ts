/**
 * What the operations of Anthropic's API answer: whole, and the events of their streams.
 *
 * @module
 */

import { z } from "zod";
import { timings } from "./generation.ts";

const count = z.int().min(0);

/** The body of every error. */
export const anthropicFailure = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "permission_error",
      "not_found_error",
      "rate_limit_error",
      "overloaded_error",
      "timeout_error",
      "api_error",
    ]),
    message: z.string(),
    details: z.object({
      error_code: z.string(),
      unsupported: z.array(z.string()),
    }).optional(),
  }),
  request_id: z.string().nullable(),
});

const counts = {
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
  output_tokens_details: z.null(),
  server_tool_use: z.null(),
};

const stop = {
  stop_reason: z.enum(["end_turn", "max_tokens", "stop_sequence", "tool_use"])
    .nullable(),
  stop_sequence: z.string().nullable(),
  stop_details: z.null(),
  container: z.null(),
};

const block = z.union([
  z.object({ type: z.literal("text"), text: z.string(), citations: z.null() }),
  z.object({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.unknown(),
    caller: z.object({ type: z.literal("direct") }),
  }),
]);

/** The answer to a chat. */
export const message = z.object({
  id: z.string(),
  type: z.literal("message"),
  role: z.literal("assistant"),
  model: z.string(),
  content: z.array(block),
  ...stop,
  diagnostics: z.null(),
  usage: z.object({
    ...counts,
    cache_creation: z.null(),
    inference_geo: z.null(),
    service_tier: z.null(),
    speed: z.null(),
  }),
  timings: timings.optional(),
});

/** The data of an event of the stream of a chat. */
export const messageEvent = z.union([
  z.object({ type: z.literal("message_start"), message }),
  z.object({
    type: z.literal("content_block_start"),
    index: count,
    content_block: block,
  }),
  z.object({
    type: z.literal("content_block_delta"),
    index: count,
    delta: z.union([
      z.object({ type: z.literal("text_delta"), text: z.string() }),
      z.object({
        type: z.literal("input_json_delta"),
        partial_json: z.string(),
      }),
    ]),
  }),
  z.object({ type: z.literal("content_block_stop"), index: count }),
  z.object({
    type: z.literal("message_delta"),
    delta: z.object(stop),
    usage: z.object(counts),
    timings,
  }),
  z.object({ type: z.literal("message_stop") }),
  z.object({ type: z.literal("ping") }),
]);

/** The number of tokens of a prompt. */
export const tokenCount = z.object({ input_tokens: count });
