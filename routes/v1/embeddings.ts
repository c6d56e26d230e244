/**
 * `POST /embeddings`: turns texts into vectors.
 *
 * @module
 */

import { Hono } from "hono";
import type { OnBegin } from "../../lib/engine/output_counter.ts";
import { observedWhole } from "../../lib/observe/observed.ts";
import {
  parseEmbeddings,
  toEmbeddings,
} from "../../lib/wire/embeddings/embeddings.ts";
import { methodNotAllowed } from "../failure.ts";
import { modelFor, type ModelOptions } from "../find_model.ts";
import { reporter, type ReportOptions } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Serves embeddings. */
export function embeddings(options: ModelOptions & ReportOptions): Hono {
  const { clock } = options;
  return new Hono()
    .post("/embeddings", jsonBody(), async (c) => {
      const request = parseEmbeddings(await c.req.text());
      const { model, signal } = modelFor(c, request.model, options);
      async function embed(onBegin: OnBegin) {
        const engine = await model.open(signal);
        const options = { signal, onBegin };
        const embedded = await engine.embed(request.texts, options);
        return toEmbeddings(embedded, request, model.id);
      }
      const report = reporter(c, model.id, options);
      const reply = await observedWhole("vectors", embed, {
        signal,
        clock,
        report,
      });
      return c.json(reply);
    })
    .all("/embeddings", methodNotAllowed("POST"));
}
