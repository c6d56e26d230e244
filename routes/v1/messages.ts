/**
 * `POST /messages`, Anthropic's way to answer a chat, and `POST /messages/count_tokens`.
 *
 * @module
 */

import { type Context, Hono, type MiddlewareHandler } from "hono";
import { toErrorBody } from "../../lib/wire/anthropic/error_body.ts";
import {
  NAMED_EVENTS,
  toEvents,
  toMessage,
} from "../../lib/wire/anthropic/message_reply.ts";
import {
  parseCountRequest,
  parseMessagesRequest,
} from "../../lib/wire/anthropic/messages_request.ts";
import { methodNotAllowed } from "../failure.ts";
import { modelFor } from "../find_model.ts";
import { generate, type GenerateOptions, type Wire } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

const WIRE: Wire = {
  prefix: "msg_",
  format: NAMED_EVENTS,
  parse: parseMessagesRequest,
  toCompletion: toMessage,
  toEvents,
  toFailure: (error) => ({
    name: "error",
    data: JSON.stringify(toErrorBody(error)),
  }),
};

/** Serves Anthropic's messages. */
export function messages(options: GenerateOptions): Hono {
  return new Hono()
    .post("/messages", jsonBody(), (c) => generate(c, WIRE, options))
    .all("/messages", methodNotAllowed("POST"))
    .post("/messages/count_tokens", jsonBody(), (c) => countTokens(c, options))
    .all("/messages/count_tokens", methodNotAllowed("POST"));
}

/** Answers with the number of tokens of a prompt. */
async function countTokens(
  c: Context,
  options: GenerateOptions,
): Promise<Response> {
  const request = parseCountRequest(await c.req.text());
  const { model, signal } = modelFor(c, request.model, options);
  const engine = await model.open(signal);
  const { length } = await engine.encode(request, { signal });
  return c.json({ input_tokens: length });
}

/** Repeats the id of a request in the header that Anthropic's clients read. */
export function anthropicRequestId(): MiddlewareHandler {
  return async function anthropicRequestId(c, next) {
    c.header("request-id", c.get("requestId"));
    await next();
  };
}
