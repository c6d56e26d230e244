/**
 * `POST /embeddings`: turns texts into vectors.
 *
 * @module
 */

import { Hono } from "hono";
import {
  parseEmbeddings,
  toEmbeddings,
} from "../../lib/wire/embeddings/embeddings.ts";
import { methodNotAllowed } from "../failure.ts";
import { findModel } from "../find_model.ts";
import { jsonType, wholeBody } from "../middleware/json_body.ts";
import type { TokenOptions } from "./tokens.ts";

/** Serves embeddings. */
export function embeddings(
  { engines, aliases, deadline }: TokenOptions,
): Hono {
  return new Hono()
    .post("/embeddings", jsonType(), wholeBody(), async (c) => {
      const request = parseEmbeddings(await c.req.text());
      const signal = AbortSignal.any([c.req.raw.signal, deadline]);
      const model = findModel(engines, request.model, aliases);
      const engine = await model.open(signal);
      const embedded = await engine.embed(request.texts, { signal });
      return c.json(toEmbeddings(embedded, request, model.id));
    })
    .all("/embeddings", methodNotAllowed("POST"));
}
