/**
 * `POST /tokenize`, `/detokenize` and `/apply-template`: texts and their tokens, as the
 * model reads them.
 *
 * @module
 */

import { type Context, Hono } from "hono";
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
import { modelFor, type ModelOptions } from "../find_model.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Serves tokens. A request without a model is for the first one. */
export function tokens(options: ModelOptions): Hono {
  /** Opens the model that a request names, and returns what works on its texts. */
  async function open(c: Context, name: string) {
    const first = options.engines[0].id;
    const { model, signal } = modelFor(c, name || first, options);
    const { info, texts } = await model.open(signal);
    return { info, texts, signal };
  }
  return new Hono()
    .post("/tokenize", jsonBody(), async (c) => {
      const request = parseTokenize(await c.req.text());
      const { info, texts, signal } = await open(c, request.model);
      const tokens = await texts.run("tokenize", request.input, signal);
      return c.json(toTokenizeReply(tokens, request, info));
    })
    .post("/detokenize", jsonBody(), async (c) => {
      const { model, tokens } = parseDetokenize(await c.req.text());
      const { texts, signal } = await open(c, model);
      const text = await texts.run("detokenize", tokens, signal);
      return c.json(toDetokenizeReply(text));
    })
    .post("/apply-template", jsonBody(), async (c) => {
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
