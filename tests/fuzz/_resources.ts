/**
 * The resources that take a JSON body, each with its schema.
 *
 * @module
 */

import type { z } from "zod";
import { OPENAI, TOKENS } from "../../lib/wire/openapi/operations/openai.ts";
import {
  ANTHROPIC,
  OLLAMA,
} from "../../lib/wire/openapi/operations/other_apis.ts";

/** A resource: its path, its fields, and a body that is answered. */
export interface Resource {
  path: string;
  shape: Record<string, z.ZodType>;
  good: Record<string, unknown>;
}

const MESSAGES = { messages: [{ role: "user", content: "Hi" }] };
const CHAT = { model: "toy", ...MESSAGES };
const PROMPT = { model: "toy", prompt: "Once upon" };
const INPUT = { model: "toy", input: "Hi" };
const QUESTION = { type: "predicate", instructions: "Is it a greeting?" };

/** A body for each resource that is answered. */
const GOOD: Record<string, Record<string, unknown>> = {
  "/v1/chat/completions": CHAT,
  "/v1/completions": PROMPT,
  "/v1/responses": INPUT,
  "/v1/responses/input_tokens": INPUT,
  "/v1/embeddings": INPUT,
  "/v1/decisions": { ...INPUT, questions: [QUESTION] },
  "/v1/messages": { ...CHAT, max_tokens: 3 },
  "/v1/messages/count_tokens": CHAT,
  "/api/chat": CHAT,
  "/api/generate": PROMPT,
  "/api/show": { model: "toy" },
  "/api/pull": { name: "toy" },
  "/tokenize": { content: "Once upon" },
  "/detokenize": { tokens: [79, 110] },
  "/apply-template": MESSAGES,
};

/** The resources that take a body: all of the API's operations that do. */
export const RESOURCES: Resource[] = [
  ...OPENAI,
  ...ANTHROPIC,
  ...OLLAMA,
  ...TOKENS,
].flatMap(({ path, body }) => {
  if (!body) return [];
  const good = GOOD[path];
  if (!good) throw new TypeError(`Cannot try ${path}: GOOD must have a body`);
  return [{ path, good, shape: (body.schema as z.ZodObject).shape }];
});
