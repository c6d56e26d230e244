/**
 * Reads the body of `POST /v1/completions`, OpenAI's older, plainer resource.
 *
 * @module
 */

import { z } from "zod";
import { badRequest } from "../bad_request.ts";
import {
  commonFields,
  type ParseOptions,
  toWireRequest,
  type WireRequest,
} from "./common_fields.ts";
import { flag, integerWithin, isTokenId, unsupported } from "../fields.ts";
import { readBody } from "../read_body.ts";

/** OpenAI's default for this resource. */
const DEFAULT_MAX_TOKENS = 16;

/** The most prompts of a batch. */
const MOST_PROMPTS = 256;

const PROMPT =
  `must be a string, an array of token ids, or an array of up to ${MOST_PROMPTS} of these`;

type Prompt = string | number[];

const TOKENS = {
  type: "array",
  minItems: 1,
  items: { type: "integer", minimum: 0 },
};
const PROMPT_FORMS = [
  { type: "string" },
  TOKENS,
  {
    type: "array",
    minItems: 1,
    maxItems: MOST_PROMPTS,
    items: { anyOf: [{ type: "string" }, TOKENS] },
  },
];

/** The body of a text completion request. */
export const completionBody = z.object({
  ...commonFields,
  prompt: z.custom<Prompt | Prompt[]>(
    (value) => isPrompt(value) || isBatch(value),
    PROMPT,
  ).meta({ anyOf: PROMPT_FORMS }),
  max_completion_tokens: unsupported(),
  echo: flag(),
  logprobs: z.preprocess(
    (value) => value === false ? null : value,
    integerWithin(0, 5),
  ),
  suffix: unsupported(""),
  messages: unsupported(),
  chat_template_kwargs: unsupported(),
  add_generation_prompt: unsupported(true),
  continue_final_message: unsupported(false),
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
  const prompts = (isPrompt(body.prompt) ? [body.prompt] : body.prompt)
    .map((prompt) =>
      typeof prompt === "string" ? { text: prompt } : { tokens: prompt }
    );
  if (body.draft_trace && prompts.length > 1) {
    throw badRequest("draft_trace", {
      must: "must be absent or false where prompt is a batch",
      received: body.draft_trace,
    });
  }
  const request = toWireRequest(prompts[0], {
    body,
    maxTokens: body.max_tokens ?? DEFAULT_MAX_TOKENS,
    randomSeed,
  });
  const { generation } = request;
  if (body.logprobs != null) generation.logprobs = body.logprobs;
  if (body.echo) generation.echo = true;
  return prompts.length === 1 ? request : { ...request, prompts };
}

function isPrompt(value: unknown): value is Prompt {
  return typeof value === "string" ||
    Array.isArray(value) && value.length > 0 && value.every(isTokenId);
}

function isBatch(value: unknown): value is Prompt[] {
  return Array.isArray(value) && value.length > 0 &&
    value.length <= MOST_PROMPTS && value.every(isPrompt);
}
