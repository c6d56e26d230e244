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
      const page = {
        first_id: data[0].id,
        last_id: data[data.length - 1].id,
        has_more: false,
      };
      return c.json({ object: "list", data, ...page });
    })
    .all("/models", methodNotAllowed("GET"))
    // An id may have slashes, as in "owner/name".
    .get("/models/:id{.+}", (c) => {
      const model = findModel(models, c.req.param("id"), aliases);
      return c.json(toModel(model));
    })
    .all("/models/:id{.+}", methodNotAllowed("GET"));
}

/** Numbers of kinds of vocabularies in llama.cpp. */
const VOCABULARIES: Record<string, number> = { llama: 1, gpt2: 2 };

/**
 * Writes a model in OpenAI's words and in Anthropic's; its sizes, by the names of other
 * servers, once it has been open.
 */
function toModel({ id, created, info }: ServedModel): Model {
  const model = {
    id,
    object: "model" as const,
    created,
    owned_by: "local",
    type: "model",
    display_name: id,
    created_at: new Date(created * 1000).toISOString(),
  };
  if (info === undefined) return model;
  const { context, file } = info;
  return {
    ...model,
    context_length: context,
    max_model_len: context,
    meta: {
      vocab_type: VOCABULARIES[file.vocabulary] ?? 0,
      n_vocab: file.tokens,
      n_ctx_train: file.context,
      n_embd: file.dim,
      n_params: file.parameters,
      size: file.bytes,
    },
  } as Model;
}
