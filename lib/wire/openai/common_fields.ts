/**
 * What chat and text completions ask for in the same words, and its way into the
 * engine's terms.
 *
 * @module
 */

import { z } from "zod";
import type { Sampling } from "../../bita/choose/sampling.ts";
import { isShape, parseShape } from "../../bita/tree/tree.ts";
import type { GenerationRequest } from "../../engine/generation.ts";
import type { CacheHints } from "../../prefix/cache_hints.ts";
import { badRequest } from "./bad_request.ts";
import { flag, integerFrom, numberFrom } from "./fields.ts";

/** A request as it came over the wire: what to generate, and how to send it. */
export interface WireRequest {
  /** Id of the model that shall answer. */
  model: string;
  /** Whether the reply is a stream of events. */
  stream: boolean;
  /** Whether a stream tells the usage in a chunk of its own. */
  includeUsage: boolean;
  generation: GenerationRequest;
}

/** What reading a request needs from outside. */
export interface ParseOptions {
  /** Returns an unsigned 32-bit integer, the seed of a request without one. */
  randomSeed: () => number;
}

const MODEL = "must be the id of a model";
const TOP_P = "must be a number above 0 and at most 1";
const SEED = "must be an integer of at most 64 bits";
const STOP = "must be a string or up to 4 strings of 1 to 256 characters";
const ONE = "must be 1, as one choice is all that this server gives";
const BIAS = "must be a number from -100 to 100";
const SALT = "must be a string of at most 256 characters";
const TREE = 'must be "auto", "paper" or 1 to 8 widths such as "5-4-3"';
const BIASES = "must be an object of token ids and numbers";

/** The shape of the common fields. Unknown ones are ignored. */
export const commonFields = {
  model: z.string(MODEL).min(1, MODEL),
  max_tokens: integerFrom(1),
  temperature: numberFrom(0, 2),
  top_p: z.number(TOP_P).gt(0, TOP_P).max(1, TOP_P).nullish(),
  top_k: integerFrom(0),
  min_p: numberFrom(0, 1),
  presence_penalty: numberFrom(-2, 2),
  frequency_penalty: numberFrom(-2, 2),
  logit_bias: z.custom<Record<string, number>>(isObject, BIASES)
    .superRefine(checkBiases).nullish(),
  seed: z.number(SEED).refine(isInt64, SEED).nullish(),
  stop: z.custom<string | string[]>(isStop, STOP).nullish(),
  n: z.literal(1, ONE).nullish(),
  stream: flag(),
  stream_options: z.object(
    { include_usage: flag() },
    "must be an object",
  ).nullish(),
  prompt_cache_key: z.string(SALT).max(256, SALT).nullish(),
  prompt_cache_retention: z.enum(
    ["in_memory", "24h"],
    'must be "in_memory" or "24h"',
  ).nullish(),
  cache_salt: z.string(SALT).max(256, SALT).nullish(),
  draft: z.enum(
    ["auto", "bita", "hydra", "ngram", "recycle", "none"],
    'must be "auto", "bita", "hydra", "ngram", "recycle" or "none"',
  ).nullish(),
  draft_tree: z.string(TREE).refine(isTree, TREE).nullish(),
  draft_trace: flag(),
};

/** The common fields, once read. */
export type CommonBody = z.infer<z.ZodObject<typeof commonFields>>;

/**
 * Puts a prompt and the common fields into a request.
 *
 * @throws {ApiError} 400 if two fields contradict each other.
 */
export function toWireRequest(
  prompt: GenerationRequest["prompt"],
  { body, maxTokens, randomSeed }: ParseOptions & {
    body: CommonBody;
    maxTokens: number | undefined;
  },
): WireRequest {
  const stream = body.stream ?? false;
  if (body.stream_options && !stream) {
    throw badRequest("stream_options", {
      must: "must be absent unless stream is true",
      received: body.stream_options,
    });
  }
  if (body.draft_trace && !stream) {
    throw badRequest("draft_trace", {
      must: "must be absent or false unless stream is true",
      received: body.draft_trace,
    });
  }
  const draft = body.draft ?? "auto";
  const draftTree = toDraftTree(body.draft_tree);
  if (draftTree && draft === "none") {
    throw badRequest("draft_tree", {
      must: 'must be absent or "auto" where draft is "none"',
      received: body.draft_tree,
    });
  }
  return {
    model: body.model,
    stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    generation: {
      prompt,
      sampling: toSampling(body, randomSeed),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      stop: typeof body.stop === "string" ? [body.stop] : body.stop ?? [],
      draft,
      ...(draftTree && { draftTree }),
      ...(body.draft_trace && { draftTrace: true }),
      cache: toCacheHints(body),
    },
  };
}

/** Whose prompt it is, the body can't say. */
function toCacheHints(body: CommonBody): CacheHints {
  const { prompt_cache_key, cache_salt, prompt_cache_retention } = body;
  return {
    caller: "",
    salt: JSON.stringify([prompt_cache_key ?? "", cache_salt ?? ""]),
    ...(prompt_cache_retention && { retention: prompt_cache_retention }),
  };
}

function toSampling(body: CommonBody, randomSeed: () => number): Sampling {
  return {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: body.top_k ?? 0,
    minP: body.min_p ?? 0,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    logitBias: toLogitBias(body.logit_bias ?? {}),
    seed: typeof body.seed === "number" ? fold(body.seed) : randomSeed(),
  };
}

function toLogitBias(biases: Record<string, number>): Map<number, number> {
  return new Map(
    Object.entries(biases).map(([id, bias]) => {
      if (/^\d{1,9}$/.test(id)) return [Number(id), bias];
      throw badRequest("logit_bias", {
        must: "must have token ids as its keys",
        received: id,
      });
    }),
  );
}

/** Folds 64 bits to 32, so that both halves count and a small seed stays itself. */
function fold(seed: number): number {
  const bits = BigInt.asUintN(64, BigInt(seed));
  return Number(BigInt.asUintN(32, bits ^ (bits >> 32n)));
}

function toDraftTree(shape: string | null | undefined): number[] | undefined {
  return shape == null || shape === "auto" ? undefined : parseShape(shape);
}

function isTree(shape: string): boolean {
  return shape === "auto" || isShape(shape);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks the numbers; a schema for each takes ten times as long. */
function checkBiases(
  biases: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  for (const [id, bias] of Object.entries(biases)) {
    if (typeof bias === "number" && Math.abs(bias) <= 100) continue;
    const path = [id];
    context.addIssue({ code: "custom", path, message: BIAS, input: bias });
    return;
  }
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 63;
}

function isStop(value: unknown): boolean {
  const texts = typeof value === "string" ? [value] : value;
  return Array.isArray(texts) && texts.length <= 4 &&
    texts.every((text) =>
      typeof text === "string" && text !== "" && text.length <= 256
    );
}
