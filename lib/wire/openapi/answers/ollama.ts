/**
 * What the operations of Ollama's API answer: whole, or an object a line.
 *
 * @module
 */

import { z } from "zod";
import { timings } from "./generation.ts";

const count = z.int().min(0);

/** The body of every error. */
export const ollamaFailure = z.object({ error: z.string() });

const head = { model: z.string(), created_at: z.iso.datetime() };

/** How an answer ended; times are in nanoseconds. */
const end = {
  done: z.boolean(),
  done_reason: z.enum(["stop", "length", "load"]).optional(),
  total_duration: count.optional(),
  load_duration: count.optional(),
  prompt_eval_count: count.optional(),
  prompt_eval_duration: count.optional(),
  eval_count: count.optional(),
  eval_duration: count.optional(),
  timings: timings.optional(),
};

/** The answer to a chat, or a part of it. */
export const ollamaChat = z.object({
  ...head,
  message: z.object({
    role: z.literal("assistant"),
    content: z.string(),
    tool_calls: z.array(z.object({
      function: z.object({ name: z.string(), arguments: z.unknown() }),
    })).optional(),
  }),
  ...end,
});

/** The answer to a text, or a part of it. */
export const ollamaText = z.object({
  ...head,
  response: z.string(),
  ...end,
});

/** The version of the API. */
export const version = z.object({ version: z.string() });

const details = z.object({
  parent_model: z.string(),
  format: z.string(),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

const about = {
  name: z.string(),
  model: z.string(),
  size: count,
  digest: z.string(),
  details,
};

/** The served models. */
export const listed = z.object({
  models: z.array(z.object({ ...about, modified_at: z.iso.datetime() })),
});

/** The models that are open. */
export const running = z.object({
  models: z.array(z.object({
    ...about,
    expires_at: z.iso.datetime(),
    size_vram: count,
    context_length: count,
  })),
});

/** A model. */
export const shown = z.object({
  license: z.string(),
  modelfile: z.string(),
  parameters: z.string(),
  template: z.string(),
  details,
  modified_at: z.iso.datetime(),
  model_info: z.record(z.string(), z.unknown()),
  capabilities: z.array(z.string()),
});

/** That a model is there. */
export const pulled = z.object({ status: z.literal("success") });
