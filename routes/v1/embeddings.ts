/**
 * `POST /embeddings`: turns texts into vectors.
 *
 * @module
 */

import { Hono } from "hono";
import { observedWhole } from "../../lib/observe/observed.ts";
import {
  parseEmbeddings,
  toEmbeddings,
} from "../../lib/wire/embeddings/embeddings.ts";
import { methodNotAllowed } from "../failure.ts";
import { findModel } from "../find_model.ts";
import { reporter, type ReportOptions } from "../generate.ts";
import { jsonType, wholeBody } from "../middleware/json_body.ts";
import type { TokenOptions } from "./tokens.ts";

/** Serves embeddings. */
export function embeddings(options: TokenOptions & ReportOptions): Hono {
  const { engines, aliases, deadline, clock } = options;
  return new Hono()
    .post("/embeddings", jsonType(), wholeBody(), async (c) => {
      const request = parseEmbeddings(await c.req.text());
      const signal = AbortSignal.any([c.req.raw.signal, deadline]);
      const model = findModel(engines, request.model, aliases);
      async function embed() {
        const engine = await model.open(signal);
        const embedded = await engine.embed(request.texts, { signal });
        const reply = toEmbeddings(embedded, request, model.id);
        return { reply, counts: embedded.counts };
      }
      const report = reporter(c, model.id, options);
      const { reply } = await observedWhole("vectors", embed, {
        signal,
        clock,
        report,
      });
      return c.json(reply);
    })
    .all("/embeddings", methodNotAllowed("POST"));
}
