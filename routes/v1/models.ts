/**
 * `GET /models` and `GET /models/:id`: what is served here.
 *
 * @module
 */

import { Hono } from "hono";
import type { Model } from "openai/resources";
import type { ServedModel } from "../../lib/engine/generation.ts";
import { methodNotAllowed } from "../failure.ts";
import { type Aliases, findModel } from "../find_model.ts";

/** Lists `models` and finds one by any of its names, but opens none of them. */
export function models(
  models: readonly ServedModel[],
  aliases: Aliases,
): Hono {
  return new Hono()
    .get("/models", (c) => {
      const data = models.map(toModel);
      return c.json({ object: "list", data });
    })
    .all("/models", methodNotAllowed("GET"))
    // An id may have slashes, as in "owner/name".
    .get("/models/:id{.+}", (c) => {
      const model = findModel(models, c.req.param("id"), aliases);
      return c.json(toModel(model));
    })
    .all("/models/:id{.+}", methodNotAllowed("GET"));
}

function toModel({ id, created }: ServedModel): Model {
  return { id, object: "model", created, owned_by: "local" };
}
