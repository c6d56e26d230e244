/**
 * `POST /chat/completions`: answers the last message of a chat.
 *
 * @module
 */

import { Hono } from "hono";
import { toCompletion, toEvents } from "../../lib/wire/openai/chat_reply.ts";
import { parseChatRequest } from "../../lib/wire/openai/chat_request.ts";
import { methodNotAllowed } from "../failure.ts";
import { generate, type GenerateOptions } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Serves chat completions. */
export function chatCompletions(options: GenerateOptions): Hono {
  const wire = {
    prefix: "chatcmpl-",
    parse: parseChatRequest,
    toCompletion,
    toEvents,
  };
  return new Hono()
    .post("/chat/completions", jsonBody(), (c) => generate(c, wire, options))
    .all("/chat/completions", methodNotAllowed("POST"));
}
