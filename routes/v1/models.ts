/**
 * `GET /models` and `GET /models/:id`: what is served here.
 *
 * @module
 */

import { Hono } from "hono";
import type { Model } from "openai/resources";
import type { Engine, ModelInfo } from "../../lib/engine/generation.ts";
import { methodNotAllowed } from "../failure.ts";
import { type Aliases, findEngine } from "../find_engine.ts";

/** Lists the models of `engines`, and finds one by any of its names. */
export function models(engines: readonly Engine[], aliases: Aliases): Hono {
  return new Hono()
    .get("/models", (c) => {
      const data = engines.map(({ info }) => toModel(info));
      return c.json({ object: "list", data });
    })
    .all("/models", methodNotAllowed("GET"))
    // An id may have slashes, as in "owner/name".
    .get("/models/:id{.+}", (c) => {
      const { info } = findEngine(engines, c.req.param("id"), aliases);
      return c.json(toModel(info));
    })
    .all("/models/:id{.+}", methodNotAllowed("GET"));
}

function toModel({ id, created }: ModelInfo): Model {
  return { id, object: "model", created, owned_by: "local" };
}
