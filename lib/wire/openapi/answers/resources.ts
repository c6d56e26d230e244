/**
 * What all resources answer but those that generate text, and the errors of all.
 *
 * @module
 */

import { z } from "zod";

const count = z.int().min(0);

/** The body of every error. */
export const failure = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "permission_error",
      "not_found_error",
      "rate_limit_error",
      "server_error",
    ]),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});

/** A served model. Its sizes are known once it has been open. */
export const model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  type: z.literal("model"),
  display_name: z.string(),
  created_at: z.iso.datetime(),
  context_length: count.optional(),
  max_model_len: count.optional(),
  meta: z.object({
    vocab_type: z.int(),
    n_vocab: count,
    n_ctx_train: count,
    n_embd: count,
    n_params: count,
    size: count,
  }).optional(),
});

/** The vectors of texts, each a list of numbers or its 32-bit floats in base64. */
export const embeddings = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: count,
    embedding: z.union([z.array(z.number()), z.string()]),
  })),
  usage: z.object({ prompt_tokens: count, total_tokens: count }),
});

const named = { name: z.string().nullable() };
const share = z.number().min(0).max(1);

/** Answers to questions, with their probabilities. */
export const decision = z.object({
  model: z.string(),
  answers: z.array(z.discriminatedUnion("type", [
    z.object({ type: z.literal("predicate"), ...named, probability: share }),
    z.object({
      type: z.literal("choice"),
      ...named,
      choice: z.union([z.string(), z.boolean()]),
      confidence: share,
      probabilities: z.array(z.object({
        value: z.union([z.string(), z.boolean()]),
        probability: share,
      })),
    }),
    z.object({
      type: z.literal("score"),
      ...named,
      score: z.number().min(0),
      confidence: share,
      probabilities: z.array(z.object({
        label: z.string(),
        value: count,
        probability: share,
      })),
    }),
  ])),
  usage: z.object({
    input_tokens: count,
    input_tokens_details: z.object({
      cached_tokens: count,
      cache_write_tokens: count,
    }),
    output_tokens: count,
    output_tokens_details: z.object({ reasoning_tokens: count }),
    total_tokens: count,
  }),
});

/** The served models. */
export const modelList = z.object({
  object: z.literal("list"),
  data: z.array(model),
  first_id: z.string(),
  last_id: z.string(),
  has_more: z.literal(false),
});

/** Tokens, in llama-server's form and in vLLM's. */
export const tokenList = z.object({
  tokens: z.array(z.union([
    count,
    z.object({
      id: count,
      piece: z.union([z.string(), z.array(z.int().min(0).max(255))]),
    }),
  ])),
  count,
  max_model_len: count,
  token_strs: z.array(z.string()).optional(),
});

/** The text of tokens, in llama-server's form and in vLLM's. */
export const tokenText = z.object({ content: z.string(), prompt: z.string() });

/** The text of a prompt. */
export const promptText = z.object({ prompt: z.string() });

/** The state of each model, and how it runs once it has been open. */
export const health = z.object({
  status: z.enum(["ok", "unavailable"]),
  models: z.array(z.object({
    id: z.string(),
    state: z.enum(["asleep", "starting", "ready", "failed", "stopped"]),
    backend: z.string().optional(),
    weights: z.string().optional(),
    threads: count.optional(),
    context: count.optional(),
    exact: z.enum(["bitwise", "numerical"]).optional(),
    sequences_per_pass: count.optional(),
    fingerprint: z.string().optional(),
  })),
});

/** Whether the server works, or can serve. */
export const probe = z.object({ status: z.string() });

/** How many cached blocks were erased. */
export const erasure = z.object({ blocks: count });

/** This document. */
export const document = z.looseObject({
  openapi: z.literal("3.1.1"),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.unknown()),
});
