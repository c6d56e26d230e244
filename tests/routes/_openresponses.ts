/**
 * What the OpenResponses specification of 2026-04-24 requires of responses and events:
 * the required fields, and their types.
 *
 * @module
 */

import { z } from "zod";

const status = z.enum(["in_progress", "completed", "incomplete"]);

const logprob = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()),
  top_logprobs: z.array(z.object({
    token: z.string(),
    logprob: z.number(),
    bytes: z.array(z.int()),
  })),
});

const outputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(logprob).optional(),
});

const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    id: z.string(),
    status,
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: z.array(outputText),
  }),
  z.object({
    type: z.literal("function_call"),
    id: z.string(),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    status,
  }),
]);

const tool = z.object({
  type: z.literal("function"),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
});

const usage = z.object({
  input_tokens: z.int(),
  output_tokens: z.int(),
  total_tokens: z.int(),
  input_tokens_details: z.object({ cached_tokens: z.int() }),
  output_tokens_details: z.object({ reasoning_tokens: z.int() }),
});

/** A response. */
export const responseResource = z.object({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  status: z.string(),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(tool),
  tool_choice: z.union([
    z.enum(["none", "auto", "required"]),
    z.object({ type: z.literal("function"), name: z.string().optional() }),
    z.object({
      type: z.literal("allowed_tools"),
      tools: z.array(z.unknown()),
      mode: z.enum(["none", "auto", "required"]),
    }),
  ]),
  truncation: z.enum(["auto", "disabled"]),
  parallel_tool_calls: z.boolean(),
  text: z.object({ format: z.object({ type: z.string() }) }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: z.int(),
  temperature: z.number(),
  reasoning: z.object({
    effort: z.string().nullable(),
    summary: z.string().nullable(),
  }).nullable(),
  usage: usage.nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.unknown(),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
});

const sequence_number = z.int();
const output_index = z.int();
const place = { sequence_number, output_index, item_id: z.string() };
const at = { ...place, content_index: z.int() };

/** An event of a stream, of a type that a server of texts and calls sends. */
export const streamingEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal([
      "response.created",
      "response.in_progress",
      "response.completed",
      "response.failed",
      "response.incomplete",
    ]),
    sequence_number,
    response: responseResource,
  }),
  z.object({
    type: z.literal([
      "response.output_item.added",
      "response.output_item.done",
    ]),
    sequence_number,
    output_index,
    item,
  }),
  z.object({
    type: z.literal([
      "response.content_part.added",
      "response.content_part.done",
    ]),
    ...at,
    part: outputText,
  }),
  z.object({
    type: z.literal("response.output_text.delta"),
    ...at,
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.output_text.done"),
    ...at,
    text: z.string(),
  }),
  z.object({
    type: z.literal("response.function_call_arguments.delta"),
    ...place,
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.function_call_arguments.done"),
    ...place,
    arguments: z.string(),
  }),
]);
