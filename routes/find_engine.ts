/**
 * From a model's id to the engine that runs it.
 *
 * @module
 */

import { ApiError } from "../lib/engine/errors.ts";
import type { Engine } from "../lib/engine/generation.ts";
import { describe } from "../lib/wire/openai/describe.ts";

/**
 * Finds the engine of a model.
 *
 * @throws {ApiError} 404 if there is none.
 */
export function findEngine(engines: readonly Engine[], id: string): Engine {
  const engine = engines.find(({ info }) => info.id === id);
  if (engine) return engine;
  const ids = engines.map(({ info }) => info.id).join(", ");
  throw new ApiError(
    404,
    `Cannot find the model: model must be one of ${ids}: received ${
      describe(id)
    }`,
    { code: "model_not_found", param: "model" },
  );
}
