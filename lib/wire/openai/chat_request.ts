/**
 * Reads the body of `POST /v1/chat/completions`. What this server cannot do is an
 * error rather than a reply that only looks right; what is a hint is ignored.
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
import { flag, integerWithin, tokenLimit, unsupported } from "../fields.ts";
import { content, messages } from "./messages.ts";
import { readBody } from "../read_body.ts";
import { templateFields, toChatPrompt } from "./parameters/template.ts";
import { toolFields, toToolUse } from "./tools/tool_fields.ts";

/** The body of a chat completion request. */
export const chatBody = z.object({
  ...commonFields,
  messages,
  max_completion_tokens: tokenLimit(),
  logprobs: flag(),
  top_logprobs: integerWithin(0, 20),
  ...toolFields,
  ...templateFields,
  modalities: z.array(
    z.literal("text", 'must be "text", as only text is supported'),
    "must be an array",
  ).nullish(),
  prediction: z.object({
    type: z.literal("content", 'must be "content"'),
    content,
  }, "must be an object with a type and content").nullish(),
  echo: unsupported(false),
  web_search_options: unsupported(),
}, "must be a JSON object");

/**
 * Reads the JSON text of a chat completion request.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseChatRequest(
  text: string,
  { randomSeed }: ParseOptions,
): WireRequest {
  const body = readBody(chatBody, text);
  const limit = body.max_completion_tokens ?? body.max_tokens;
  if (limit !== (body.max_tokens ?? limit)) {
    throw badRequest("max_tokens", {
      must: "must equal max_completion_tokens where both are given",
      received: body.max_tokens,
    });
  }
  const request = toWireRequest(toChatPrompt(body.messages, body), {
    body,
    maxTokens: limit ?? undefined,
    randomSeed,
  });
  const tools = toToolUse(body);
  if (tools) request.generation.tools = tools;
  if (body.top_logprobs && !body.logprobs) {
    throw badRequest("top_logprobs", {
      must: "must be absent or 0 unless logprobs is true",
      received: body.top_logprobs,
    });
  }
  if (body.logprobs) request.generation.logprobs = body.top_logprobs ?? 0;
  if (body.prediction) {
    request.generation.prediction = body.prediction.content
      .map(({ text }) => text).join("");
  }
  return request;
}
