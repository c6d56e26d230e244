/**
 * `POST /responses`: answers a conversation, which may continue one that is stored.
 * `GET` and `DELETE /responses/:id`: a stored response.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";
import type { ResponseStore } from "../../lib/responses/response_store.ts";
import { describe } from "../../lib/wire/openai/describe.ts";
import { readBody } from "../../lib/wire/openai/read_body.ts";
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
import { methodNotAllowed } from "../failure.ts";
import { findModel } from "../find_model.ts";
import { answer, type GenerateOptions } from "../generate.ts";
import { jsonType, wholeBody } from "../middleware/json_body.ts";

/** What responses need from outside. */
export interface ResponsesOptions extends GenerateOptions {
  /** Keeps responses; without it, none is kept. */
  store?: ResponseStore | undefined;
}

/** Serves responses. */
export function responses(options: ResponsesOptions): Hono {
  const { store, now } = options;

  async function read(c: Context): Promise<ResponseBody> {
    return readBody(responseBody, await c.req.text());
  }
  function conversationOf(body: ResponseBody, c: Context) {
    const caller = callerOf(c);
    return readConversation(
      body,
      async (id) => await store?.read({ caller, id }),
    );
  }

  return new Hono()
    .post("/responses", jsonType(), wholeBody(), async (c) => {
      const body = await read(c);
      const { items, messages } = await conversationOf(body, c);
      const request = toRequest(body, { messages, ...options });
      const caller = callerOf(c);
      const isKept = store && (body.store ?? true);
      const reply = new ResponseReply(body, {
        now,
        save: isKept
          ? (response) =>
            store.write({ caller, id: response.id }, {
              response: { ...response, store: true },
              items: withOutput(items, response),
            })
          : undefined,
      });
      return await answer(c, { request, wire: reply }, options);
    })
    .all("/responses", methodNotAllowed("POST"))
    .post("/responses/input_tokens", jsonType(), wholeBody(), async (c) => {
      const body = await read(c);
      const { messages } = await conversationOf(body, c);
      const { generation, model } = toRequest(body, { messages, ...options });
      const { signal } = c.req.raw;
      const served = findModel(options.engines, model, options.aliases);
      const engine = await served.open(signal);
      const tokens = await engine.encode(generation, { signal })
        .catch((error) => {
          throw renamed(error);
        });
      const object = "response.input_tokens";
      return c.json({ object, input_tokens: tokens.length });
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
