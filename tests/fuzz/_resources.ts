/**
 * The resources that take a JSON body, each with its schema.
 *
 * @module
 */

import type { z } from "zod";
import {
  countBody,
  messagesBody,
} from "../../lib/wire/anthropic/messages_request.ts";
import { modelBody } from "../../lib/wire/ollama/options.ts";
import * as ollama from "../../lib/wire/ollama/requests.ts";
import { chatBody } from "../../lib/wire/openai/chat_request.ts";
import { completionBody } from "../../lib/wire/openai/completion_request.ts";
import { responseBody } from "../../lib/wire/responses/response_request.ts";
import {
  detokenizeBody,
  templateBody,
  tokenizeBody,
} from "../../lib/wire/tokens/token_requests.ts";

/** A resource: its path, its fields, and a body that is answered. */
export interface Resource {
  path: string;
  shape: Record<string, z.ZodType>;
  good: Record<string, unknown>;
}

const CHAT = { model: "toy", messages: [{ role: "user", content: "Hi" }] };

/** The resources that take a body. */
export const RESOURCES: Resource[] = [
  { path: "/v1/chat/completions", shape: chatBody.shape, good: CHAT },
  {
    path: "/v1/completions",
    shape: completionBody.shape,
    good: { model: "toy", prompt: "Once upon" },
  },
  ...["/v1/responses", "/v1/responses/input_tokens"].map((path) => ({
    ...{ path, shape: responseBody.shape, good: { model: "toy", input: "Hi" } },
  })),
  {
    path: "/tokenize",
    shape: tokenizeBody.shape,
    good: { content: "Once upon" },
  },
  {
    path: "/detokenize",
    shape: detokenizeBody.shape,
    good: { tokens: [79, 110] },
  },
  {
    path: "/apply-template",
    shape: templateBody.shape,
    good: { messages: [{ role: "user", content: "Hi" }] },
  },
  {
    path: "/v1/messages",
    shape: messagesBody.shape,
    good: { ...CHAT, max_tokens: 3 },
  },
  { path: "/v1/messages/count_tokens", shape: countBody.shape, good: CHAT },
  { path: "/api/chat", shape: ollama.chatBody.shape, good: CHAT },
  {
    path: "/api/generate",
    shape: ollama.generateBody.shape,
    good: { model: "toy", prompt: "Hi" },
  },
  { path: "/api/show", shape: modelBody.shape, good: { model: "toy" } },
  { path: "/api/pull", shape: modelBody.shape, good: { name: "toy" } },
];
