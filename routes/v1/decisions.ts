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
import { observedWhole } from "../../lib/observe/observed.ts";
import { methodNotAllowed } from "../failure.ts";
import { findModel } from "../find_model.ts";
import { reporter, type ReportOptions } from "../generate.ts";
import { jsonType, wholeBody } from "../middleware/json_body.ts";
import type { TokenOptions } from "./tokens.ts";

/** Serves decisions. */
export function decisions(options: TokenOptions & ReportOptions): Hono {
  const { engines, aliases, deadline, clock } = options;
  return new Hono()
    .post("/decisions", jsonType(), wholeBody(), async (c: Context) => {
      const request = parseDecisions(await c.req.text());
      const signal = AbortSignal.any([c.req.raw.signal, deadline]);
      const model = findModel(engines, request.model, aliases);
      const { messages, questions, salt } = request;
      const cache = { caller: c.get("caller") ?? "", salt };
      async function decide() {
        const engine = await model.open(signal);
        return await engine.decide({ messages, questions, cache }, { signal });
      }
      const report = reporter(c, model.id, options);
      const decided = await observedWhole("decisions", decide, {
        ...{ signal, clock, report },
      });
      return c.json(toDecision(decided, request, model.id));
    })
    .all("/decisions", methodNotAllowed("POST"));
}
