/**
 * What chat and text completions ask for in the same words, and its way into the
 * engine's terms.
 *
 * @module
 */

import { z } from "zod";
import { isShape, parseShape } from "../../bita/tree/tree.ts";
import type { GenerationRequest } from "../../engine/generation.ts";
import type { CacheHints } from "../../prefix/cache_hints.ts";
import { badRequest } from "../bad_request.ts";
import {
  flag,
  integerFrom,
  integerWithin,
  tokenId,
  tokenLimit,
} from "../fields.ts";
import { refusedFields } from "./parameters/refused.ts";
import { samplingFields, toSampling } from "./parameters/sampling.ts";
import {
  responseFormat,
  structuredOutputs,
  toGrammar,
} from "./parameters/structured_output.ts";

/** A request as it came over the wire: what to generate, and how to send it. */
export interface WireRequest {
  /** Name of the model that shall answer; empty if there is none. */
  model: string;
  /** Whether the reply is a stream of events. */
  stream: boolean;
  /** Whether a stream tells the usage in a chunk of its own. */
  includeUsage: boolean;
  /** Whether the other chunks tell the usage so far, too. */
  continuousUsage: boolean;
  generation: GenerationRequest;
  /** All prompts of a batch; without it, that of the generation is the only one. */
  prompts?: GenerationRequest["prompt"][];
  /** Answers to each prompt. */
  n: number;
}

/** What reading a request needs from outside. */
export interface ParseOptions {
  /** Returns an unsigned 32-bit integer, the seed of a request without one. */
  randomSeed: () => number;
}

const MODEL = "must be the name of a model";
const STOP = "must be a string or up to 16 strings of at most 256 characters";
const SALT = "must be a string of at most 256 characters";
const TOKEN = "must be a token id";
const TOKENS = "must be an array of up to 16 token ids";
const TREE = 'must be "auto", "paper" or 1 to 8 widths such as "5-4-3"';

/** The most stop strings, and the most stop tokens. */
const MOST_STOPS = 16;

/** The shape of the common fields. Unknown ones are ignored. */
export const commonFields = {
  ...refusedFields,
  ...samplingFields,
  model: z.string(MODEL).nullish(),
  max_tokens: tokenLimit(),
  min_tokens: integerFrom(0),
  ignore_eos: flag(),
  stop_token_ids: z.array(tokenId(TOKEN), TOKENS)
    .max(MOST_STOPS, TOKENS).nullish(),
  stop: z.custom<string | string[]>(isStop, STOP).meta({
    anyOf: [
      { type: "string", maxLength: 256 },
      {
        type: "array",
        maxItems: MOST_STOPS,
        items: { type: "string", maxLength: 256 },
      },
    ],
  }).nullish(),
  n: integerWithin(1, 8),
  best_of: integerFrom(0),
  stream: flag(),
  stream_options: z.object(
    { include_usage: flag(), continuous_usage_stats: flag() },
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
  draft_tree: z.string(TREE).refine(isTree, TREE)
    .meta({ pattern: "^(auto|paper|[1-9][0-9]?(-[1-9][0-9]?){0,7})$" })
    .nullish(),
  draft_trace: flag(),
  response_format: responseFormat,
  structured_outputs: structuredOutputs,
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
  const n = body.n ?? 1;
  if (body.draft_trace && (!stream || n > 1)) {
    throw badRequest("draft_trace", {
      must: "must be absent or false unless stream is true and n is 1",
      received: body.draft_trace,
    });
  }
  if ((body.best_of ?? 0) > n) {
    throw badRequest("best_of", {
      must: "must be at most n, as all answers are returned",
      received: body.best_of,
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
    model: body.model ?? "",
    n,
    stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    continuousUsage: body.stream_options?.continuous_usage_stats ?? false,
    generation: {
      prompt,
      sampling: toSampling(body, randomSeed),
      ...(maxTokens !== Infinity && maxTokens !== undefined && { maxTokens }),
      stop: [body.stop ?? []].flat().filter((text) => text !== ""),
      ...toEnds(body),
      draft,
      ...(draftTree && { draftTree }),
      ...(body.draft_trace && { draftTrace: true }),
      ...toGrammar(body),
      cache: toCacheHints(body),
    },
  };
}

/** Returns which tokens end a text, and from where on. */
function toEnds(
  { min_tokens, ignore_eos, stop_token_ids }: CommonBody,
): Pick<GenerationRequest, "minTokens" | "stopTokens"> {
  const minTokens = ignore_eos ? Infinity : min_tokens;
  return {
    ...minTokens && { minTokens },
    ...stop_token_ids?.length && { stopTokens: stop_token_ids },
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

function toDraftTree(shape: string | null | undefined): number[] | undefined {
  return shape == null || shape === "auto" ? undefined : parseShape(shape);
}

function isTree(shape: string): boolean {
  return shape === "auto" || isShape(shape);
}

function isStop(value: unknown): boolean {
  const texts = typeof value === "string" ? [value] : value;
  return Array.isArray(texts) && texts.length <= MOST_STOPS &&
    texts.every((text) => typeof text === "string" && text.length <= 256);
}
