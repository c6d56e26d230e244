/**
 * Ollama's `POST /chat` and `POST /generate`.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import {
  chatReplies,
  generateReplies,
  LINES,
  type Replies,
  toErrorBody,
} from "../../lib/wire/ollama/replies.ts";
import type { OllamaRequest } from "../../lib/wire/ollama/options.ts";
import {
  parseChatRequest,
  parseGenerateRequest,
} from "../../lib/wire/ollama/requests.ts";
import type { ParseOptions } from "../../lib/wire/openai/common_fields.ts";
import { methodNotAllowed } from "../failure.ts";
import { modelFor } from "../find_model.ts";
import { answer, type GenerateOptions, type ReplyWire } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** How a resource reads its requests and words its replies. */
interface Resource {
  parse(json: string, options: ParseOptions): OllamaRequest;
  replies: Replies;
}

const RESOURCES: Record<string, Resource> = {
  "/chat": { parse: parseChatRequest, replies: chatReplies },
  "/generate": { parse: parseGenerateRequest, replies: generateReplies },
};

/** Serves Ollama's ways to generate text. */
export function ollamaGeneration(options: GenerateOptions): Hono {
  const app = new Hono();
  for (const [path, resource] of Object.entries(RESOURCES)) {
    app.post(path, jsonBody(), (c) => respond(c, resource, options));
    app.all(path, methodNotAllowed("POST"));
  }
  return app;
}

/** Answers a request; an empty one once its model is open. */
async function respond(
  c: Context,
  { parse, replies }: Resource,
  options: GenerateOptions,
): Promise<Response> {
  const request = parse(await c.req.text(), options);
  if (!request.empty) {
    const wire: ReplyWire = {
      prefix: "",
      format: LINES,
      ...replies,
      toFailure: (error) => JSON.stringify(toErrorBody(error)),
    };
    return await answer(c, { request, wire }, options);
  }
  const { model, signal } = modelFor(c, request.model, options);
  await model.open(signal);
  const created = Math.floor(options.now() / 1000);
  return c.json(replies.toOpened({ model: model.id, created }));
}
