/**
 * From the name of a model to the model.
 *
 * @module
 */

import type { Context } from "hono";
import { ApiError } from "../lib/engine/errors.ts";
import type { ServedModel } from "../lib/engine/generation.ts";
import { describe } from "../lib/wire/describe.ts";

/** Ids of models by other names that clients may use; `*` is any other name, or none. */
export type Aliases = ReadonlyMap<string, string>;

/** The models that requests may name. */
export interface ModelOptions {
  engines: readonly ServedModel[];
  aliases: Aliases;
  /** Aborts when the server can't wait any longer; its reason is sent to clients. */
  deadline: AbortSignal;
}

/**
 * Finds the model of a request, with a signal that aborts when its client leaves or at
 * the deadline.
 *
 * @throws {ApiError} 404 if there is none, 400 if `name` is empty.
 */
export function modelFor(
  c: Context,
  name: string,
  { engines, aliases, deadline }: ModelOptions,
): { model: ServedModel; signal: AbortSignal } {
  const model = findModel(engines, name, aliases);
  return { model, signal: AbortSignal.any([c.req.raw.signal, deadline]) };
}

/**
 * Finds a model. Case does not matter, nor an owner before the name, as
 * in `owner/name`.
 *
 * @throws {ApiError} 404 if there is none, 400 if `name` is empty.
 */
export function findModel(
  models: readonly ServedModel[],
  name: string,
  aliases: Aliases,
): ServedModel {
  const byId = (id: string | undefined) =>
    models.find((model) => model.id === id);
  const model = byId(name) ?? byId(aliases.get(name)) ??
    likeNamed(models, name) ?? byId(aliases.get("*"));
  if (model) return model;
  const ids = models.map(({ id }) => id).join(", ");
  const received = describe(name || undefined);
  throw new ApiError(
    name ? 404 : 400,
    `Cannot find the model: model must be one of ${ids}: received ${received}`,
    { ...name && { code: "model_not_found" }, param: "model" },
  );
}

/** Finds the only model with a name that differs by case or owner alone. */
function likeNamed(
  models: readonly ServedModel[],
  name: string,
): ServedModel | undefined {
  const like = models.filter(({ id }) => bare(id) === bare(name));
  return like.length === 1 ? like[0] : undefined;
}

function bare(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1).toLowerCase();
}
