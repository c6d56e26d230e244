/**
 * What Ollama says of itself and of its models: `/version`, `/tags`, `/ps`, `/show`; and
 * what would change the models, which these routes refuse.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import { ApiError } from "../../lib/engine/errors.ts";
import type { ServedModel } from "../../lib/engine/generation.ts";
import {
  toListed,
  toRunning,
  toShown,
  VERSION,
} from "../../lib/wire/ollama/models.ts";
import { modelBody, modelOf } from "../../lib/wire/ollama/options.ts";
import { LINES } from "../../lib/wire/ollama/replies.ts";
import { readBody } from "../../lib/wire/read_body.ts";
import { streamHeaders } from "../event_stream.ts";
import { methodNotAllowed } from "../failure.ts";
import { type Aliases, findModel } from "../find_model.ts";
import { jsonBody } from "../middleware/json_body.ts";

/** Routes that would change the models, by what they would do. */
const REFUSED = {
  "/create": "create a model",
  "/copy": "copy a model",
  "/delete": "delete a model",
  "/push": "push a model",
  "/blobs/:digest": "store a file",
};

/** Lists and describes `models`, but opens none of them. */
export function ollamaModels(
  models: readonly ServedModel[],
  aliases: Aliases,
): Hono {
  const app = new Hono();
  const lists = {
    "/version": () => ({ version: VERSION }),
    "/tags": () => ({ models: models.map(toListed) }),
    "/ps": () => ({
      models: models.filter(({ state }) => state === "ready").map(toRunning),
    }),
  };
  for (const [path, list] of Object.entries(lists)) {
    app.get(path, (c) => c.json(list()));
    app.all(path, methodNotAllowed("GET"));
  }
  const asked = async (c: Context) => {
    const body = readBody(modelBody, await c.req.text());
    const model = findModel(models, modelOf(body), aliases);
    return { model, stream: body.stream ?? true };
  };
  return app
    .post("/show", jsonBody(), async (c) => {
      const { model } = await asked(c);
      return c.json(toShown(model));
    })
    .all("/show", methodNotAllowed("POST"))
    // Programs pull a model before they use it; one that is served is there.
    .post("/pull", jsonBody(), async (c) => {
      const { stream } = await asked(c);
      const done = { status: "success" };
      if (!stream) return c.json(done);
      return c.body(
        LINES.event(JSON.stringify(done)),
        200,
        streamHeaders(LINES),
      );
    })
    .all("/pull", methodNotAllowed("POST"))
    .route("/", refusals());
}

function refusals(): Hono {
  const app = new Hono();
  for (const [path, what] of Object.entries(REFUSED)) {
    app.all(path, () => {
      throw new ApiError(
        400,
        `Cannot ${what}: the models of this server must be set at its start, by MODEL`,
      );
    });
  }
  return app;
}
