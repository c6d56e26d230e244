/**
 * `POST /tokenize`, `/detokenize` and `/apply-template`: texts and their tokens, as the
 * model reads them.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { ServedModel } from "../../lib/engine/generation.ts";
import {
  toDetokenizeReply,
  toTokenizeReply,
} from "../../lib/wire/tokens/token_replies.ts";
import {
  parseDetokenize,
  parseTemplate,
  parseTokenize,
} from "../../lib/wire/tokens/token_requests.ts";
import { methodNotAllowed } from "../failure.ts";
import { type Aliases, findModel } from "../find_model.ts";
import { jsonType, wholeBody } from "../middleware/json_body.ts";

/** What the routes need from outside. */
export interface TokenOptions {
  engines: readonly ServedModel[];
  /** Ids of models by other names. */
  aliases: Aliases;
  /** Aborts when the server can't wait any longer. */
  deadline: AbortSignal;
}

/** Serves tokens. A request without a model is for the first one. */
export function tokens({ engines, aliases, deadline }: TokenOptions): Hono {
  /** Opens the model that a request names, and returns what works on its texts. */
  async function open(c: Context, model: string) {
    const signal = AbortSignal.any([c.req.raw.signal, deadline]);
    const served = findModel(engines, model || engines[0].id, aliases);
    const { info, texts } = await served.open(signal);
    return { info, texts, signal };
  }
  return new Hono()
    .post("/tokenize", jsonType(), wholeBody(), async (c) => {
      const request = parseTokenize(await c.req.text());
      const { info, texts, signal } = await open(c, request.model);
      const tokens = await texts.run("tokenize", request.input, signal);
      return c.json(toTokenizeReply(tokens, request, info));
    })
    .post("/detokenize", jsonType(), wholeBody(), async (c) => {
      const { model, tokens } = parseDetokenize(await c.req.text());
      const { texts, signal } = await open(c, model);
      const text = await texts.run("detokenize", tokens, signal);
      return c.json(toDetokenizeReply(text));
    })
    .post("/apply-template", jsonType(), wholeBody(), async (c) => {
      const { model, chat } = parseTemplate(await c.req.text());
      const { texts, signal } = await open(c, model);
      return c.json({ prompt: await texts.run("render", chat, signal) });
    })
    .on(
      "ALL",
      ["/tokenize", "/detokenize", "/apply-template"],
      methodNotAllowed("POST"),
    );
}
