/**
 * Models as Ollama lists them. What a model's file holds is known once the model has
 * been open.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ServedModel } from "../../engine/generation.ts";

/** What is known of a model. */
export type KnownModel = Pick<ServedModel, "id" | "created" | "info">;

/** The version of Ollama whose API this is, which clients look features up by. */
export const VERSION = "0.14.0";

/** Models stay, so this is far away. */
const EXPIRES = "2300-01-01T00:00:00Z";

/** Describes a model in the list of all. */
export function toListed(model: KnownModel) {
  const name = model.id.includes(":") ? model.id : `${model.id}:latest`;
  return {
    ...{ name, model: name },
    modified_at: new Date(model.created * 1000).toISOString(),
    size: 0,
    // Clients show its beginning, and tell models apart by it.
    digest: createHash("sha256").update(model.id).digest("hex"),
    details: toDetails(),
  };
}

/** Describes a model in the list of those that are open. */
export function toRunning(model: KnownModel) {
  const { modified_at: _, ...listed } = toListed(model);
  return {
    ...listed,
    expires_at: EXPIRES,
    size_vram: model.info?.backend === "webgpu" ? listed.size : 0,
    context_length: model.info?.context ?? 0,
  };
}

/** Describes one model. */
export function toShown(model: KnownModel) {
  const { details, modified_at } = toListed(model);
  return {
    ...{ license: "", modelfile: "", parameters: "", template: "" },
    ...{ details, modified_at },
    model_info: {
      "general.basename": model.id,
      ...model.info && { "general.context_length": model.info.context },
    },
    capabilities: ["completion", "tools"],
  };
}

function toDetails() {
  return {
    parent_model: "",
    format: "gguf",
    family: "",
    families: [],
    parameter_size: "",
    quantization_level: "",
  };
}
