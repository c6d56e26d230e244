/**
 * From the name of a model to the engine that runs it.
 *
 * @module
 */

import { ApiError } from "../lib/engine/errors.ts";
import type { Engine } from "../lib/engine/generation.ts";
import { describe } from "../lib/wire/openai/describe.ts";

/** Ids of models by other names that clients may use; `*` is any other name, or none. */
export type Aliases = ReadonlyMap<string, string>;

/**
 * Finds the engine of a model. Case does not matter, nor an owner before the name, as
 * in `owner/name`.
 *
 * @throws {ApiError} 404 if there is none, 400 if `name` is empty.
 */
export function findEngine(
  engines: readonly Engine[],
  name: string,
  aliases: Aliases = new Map(),
): Engine {
  const byId = (id: string | undefined) =>
    engines.find(({ info }) => info.id === id);
  const engine = byId(name) ?? byId(aliases.get(name)) ??
    likeNamed(engines, name) ?? byId(aliases.get("*"));
  if (engine) return engine;
  const ids = engines.map(({ info }) => info.id).join(", ");
  const received = describe(name || undefined);
  throw new ApiError(
    name ? 404 : 400,
    `Cannot find the model: model must be one of ${ids}: received ${received}`,
    { ...name && { code: "model_not_found" }, param: "model" },
  );
}

/** Finds the only engine with a name that differs by case or owner alone. */
function likeNamed(
  engines: readonly Engine[],
  name: string,
): Engine | undefined {
  const like = engines.filter(({ info }) => bare(info.id) === bare(name));
  return like.length === 1 ? like[0] : undefined;
}

function bare(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1).toLowerCase();
}
