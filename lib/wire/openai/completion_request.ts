/**
 * Reads the body of `POST /v1/completions`, OpenAI's older, plainer resource.
 *
 * @module
 */

import { z } from "zod";
import {
  commonFields,
  type ParseOptions,
  toWireRequest,
  type WireRequest,
} from "./common_fields.ts";
import { unsupported } from "./fields.ts";
import { readBody } from "./read_body.ts";

/** OpenAI's default for this resource. */
const DEFAULT_MAX_TOKENS = 16;

const PROMPT = "must be one string, as batches and token ids are not supported";

/** The body of a text completion request. */
export const completionBody = z.object({
  ...commonFields,
  prompt: z.preprocess(
    (value) => Array.isArray(value) && value.length === 1 ? value[0] : value,
    z.string(PROMPT),
  ),
  best_of: unsupported(1),
  echo: unsupported(false),
  logprobs: unsupported(),
  suffix: unsupported(""),
  messages: unsupported(),
  tools: unsupported(),
  functions: unsupported(),
  prediction: unsupported(),
}, "must be a JSON object");

/**
 * Reads the JSON text of a completion request.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseCompletionRequest(
  text: string,
  { randomSeed }: ParseOptions,
): WireRequest {
  const body = readBody(completionBody, text);
  return toWireRequest({ text: body.prompt }, {
    body,
    maxTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
    randomSeed,
  });
}
