/**
 * Models as Ollama lists them. What a model's file holds is known once the model has
 * been open.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ServedModel } from "../../engine/generation.ts";
import type { ModelFile } from "../../../models/model_file.ts";

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
    name,
    model: name,
    modified_at: new Date(model.created * 1000).toISOString(),
    size: model.info?.file.bytes ?? 0,
    // Clients show its beginning, and tell models apart by it.
    digest: createHash("sha256").update(model.id).digest("hex"),
    details: toDetails(model.info?.file),
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
    license: "",
    modelfile: "",
    parameters: "",
    template: "",
    details,
    modified_at,
    model_info: toFacts(model),
    capabilities: ["completion", "tools"],
  };
}

/** Lists what is known of a model, by the keys of its file. */
function toFacts({ id, info }: KnownModel): Record<string, unknown> {
  if (info === undefined) return { "general.basename": id };
  const { file, context } = info;
  return {
    "general.basename": id,
    "general.architecture": file.architecture,
    "general.parameter_count": file.parameters,
    // What fits here may be less than what the model has learned.
    [`${file.architecture}.context_length`]: context,
    [`${file.architecture}.embedding_length`]: file.dim,
    "tokenizer.ggml.model": file.vocabulary,
  };
}

function toDetails(file: ModelFile | undefined) {
  return {
    parent_model: "",
    format: "gguf",
    family: file?.architecture ?? "",
    families: file ? [file.architecture] : [],
    parameter_size: file ? toSize(file.parameters) : "",
    quantization_level: file?.type ?? "",
  };
}

/** Writes a number of parameters, such as `"134.52M"`. */
function toSize(parameters: number): string {
  const [unit, of] = parameters >= 1e9
    ? ["B", 1e9] as const
    : parameters >= 1e6
    ? ["M", 1e6] as const
    : ["K", 1e3] as const;
  return `${Number((parameters / of).toFixed(2))}${unit}`;
}
