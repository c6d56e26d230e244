/**
 * `POST /completions`: continues a text.
 *
 * @module
 */

import { Hono } from "hono";
import {
  toCompletion,
  toEvents,
} from "../../lib/wire/openai/completion_reply.ts";
import { parseCompletionRequest } from "../../lib/wire/openai/completion_request.ts";
import { methodNotAllowed } from "../failure.ts";
import { generate, type GenerateOptions } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Serves text completions. */
export function completions(options: GenerateOptions): Hono {
  const wire = {
    prefix: "cmpl-",
    parse: parseCompletionRequest,
    toCompletion,
    toEvents,
  };
  return new Hono()
    .post("/completions", jsonBody(), (c) => generate(c, wire, options))
    .all("/completions", methodNotAllowed("POST"));
}
