/**
 * `POST /responses`: answers a conversation, which may continue one that is stored.
 * `GET` and `DELETE /responses/:id`: a stored response.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";
import type {
  ChatMessage,
  GenerationRequest,
} from "../../lib/engine/generation.ts";
import type { ResponseStore } from "../../lib/responses/response_store.ts";
import { describe } from "../../lib/wire/describe.ts";
import { readBody } from "../../lib/wire/read_body.ts";
import {
  readConversation,
  withOutput,
} from "../../lib/wire/responses/context.ts";
import {
  renamed,
  ResponseReply,
} from "../../lib/wire/responses/response_reply.ts";
import {
  type ResponseBody,
  responseBody,
  toRequest,
} from "../../lib/wire/responses/response_request.ts";
import type { ResponseObject } from "../../lib/wire/responses/response_object.ts";
import { truncate } from "../../lib/wire/responses/truncate.ts";
import { methodNotAllowed } from "../failure.ts";
import { modelFor } from "../find_model.ts";
import { answer, type GenerateOptions } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** What responses need from outside. */
export interface ResponsesOptions extends GenerateOptions {
  /** Keeps responses; without it, none is kept. */
  store?: ResponseStore | undefined;
}

/** Serves responses. */
export function responses(options: ResponsesOptions): Hono {
  const { store, now } = options;

  /** Opens the model that a request names. */
  async function open(c: Context, name: string) {
    const { model, signal } = modelFor(c, name, options);
    const engine = await model.open(signal);
    const count = async ({ prompt, tools }: GenerationRequest) => {
      const tokens = await engine.encode({ prompt, ...tools && { tools } }, {
        signal,
      });
      return tokens.length;
    };
    return { count, context: engine.info.context };
  }

  /** Reads a request, and cuts its conversation if it asks for that. */
  async function requestOf(c: Context, body: ResponseBody) {
    const caller = callerOf(c);
    const { items, messages } = await readConversation(
      body,
      async (id) => await store?.read({ caller, id }),
    );
    const request = toRequest(body, { messages, ...options });
    if (body.truncation !== "auto") return { items, request };
    const { count, context } = await open(c, request.model);
    const { maxTokens = 1 } = request.generation;
    const most = context - Math.min(maxTokens, context >> 1);
    const withMessages = (messages: ChatMessage[]) => ({
      ...request.generation,
      prompt: { messages },
    });
    const all = (request.generation.prompt as { messages: ChatMessage[] })
      .messages;
    const kept = await truncate(all, async (messages) => {
      try {
        return await count(withMessages(messages)) <= most;
      } catch (error) {
        if (isTooLong(error)) return false;
        throw renamed(error);
      }
    });
    return { items, request: { ...request, generation: withMessages(kept) } };
  }

  return new Hono()
    .post("/responses", jsonBody(), async (c) => {
      const body = readBody(responseBody, await c.req.text());
      const keep = body.store ?? true ? store?.begin(callerOf(c)) : undefined;
      const { items, request } = await requestOf(c, body);
      const save = keep && ((response: ResponseObject) =>
        keep(response.id, {
          response: { ...response, store: true },
          items: withOutput(items, response),
        }));
      const wire = new ResponseReply(body, { now, save });
      return await answer(c, { request, wire }, options);
    })
    .all("/responses", methodNotAllowed("POST"))
    .post("/responses/input_tokens", jsonBody(), async (c) => {
      const body = readBody(responseBody, await c.req.text());
      const { request } = await requestOf(c, body);
      const { count } = await open(c, request.model);
      const input_tokens = await count(request.generation).catch((error) => {
        throw renamed(error);
      });
      return c.json({ object: "response.input_tokens", input_tokens });
    })
    .all("/responses/input_tokens", methodNotAllowed("POST"))
    .get("/responses/:id", async (c) => {
      const place = placeOf(c);
      const found = await store?.read(place);
      if (!found) throw notStored(place.id);
      return c.json(found.response);
    })
    .delete("/responses/:id", async (c) => {
      const place = placeOf(c);
      if (!await store?.remove(place)) throw notStored(place.id);
      return c.json({ id: place.id, object: "response", deleted: true });
    })
    .all("/responses/:id", methodNotAllowed("GET, DELETE"));
}

function isTooLong(error: unknown): boolean {
  return error instanceof ApiError && error.code === "context_length_exceeded";
}

function callerOf(c: Context): string {
  return c.get("caller") ?? "";
}

function placeOf(c: Context) {
  return { caller: callerOf(c), id: c.req.param("id") ?? "" };
}

function notStored(id: string): ApiError {
  return new ApiError(
    404,
    `Cannot find the response: its id must be one that is stored here: received ${
      describe(id)
    }`,
    { code: "response_not_found", param: "response_id" },
  );
}
