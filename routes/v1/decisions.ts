/**
 * `POST /decisions`: answers questions about an input with probabilities.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import {
  parseDecisions,
  toDecision,
} from "../../lib/wire/decisions/decisions.ts";
import type { OnBegin } from "../../lib/engine/output_counter.ts";
import { observedWhole } from "../../lib/observe/observed.ts";
import { methodNotAllowed } from "../failure.ts";
import { modelFor, type ModelOptions } from "../find_model.ts";
import { reporter, type ReportOptions } from "../generate.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Serves decisions. */
export function decisions(options: ModelOptions & ReportOptions): Hono {
  const { clock } = options;
  return new Hono()
    .post("/decisions", jsonBody(), async (c: Context) => {
      const request = parseDecisions(await c.req.text());
      const { model, signal } = modelFor(c, request.model, options);
      const { messages, questions, salt } = request;
      const cache = { caller: c.get("caller") ?? "", salt };
      async function decide(onBegin: OnBegin) {
        const engine = await model.open(signal);
        const asked = { messages, questions, cache };
        return await engine.decide(asked, { signal, onBegin });
      }
      const report = reporter(c, model.id, options);
      const decided = await observedWhole("decisions", decide, {
        signal,
        clock,
        report,
      });
      return c.json(toDecision(decided, request, model.id));
    })
    .all("/decisions", methodNotAllowed("POST"));
}
