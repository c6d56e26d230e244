/**
 * What Ollama's two ways to ask for text have in common: the options that choose tokens,
 * the form of the answer, and how the reply is sent.
 *
 * @module
 */

import { z } from "zod";
import type { GenerationRequest } from "../../engine/generation.ts";
import { badRequest } from "../bad_request.ts";
import {
  commonFields,
  type ParseOptions,
  toWireRequest,
  type WireRequest,
} from "../openai/common_fields.ts";
import { flag, integerFrom } from "../fields.ts";
import { refusedFields } from "../openai/parameters/refused.ts";
import { samplingFields } from "../openai/parameters/sampling.ts";
import { jsonSchema } from "../openai/parameters/structured_output.ts";
import { sentAs } from "../openapi/json_schema.ts";
import { withListedProperties } from "./listed_properties.ts";

const FORMAT = 'must be "json" or a JSON schema';

// The size of the context is the server's, and the limit has a name of its own here.
const { num_ctx: _, num_predict: __, repeat_penalty: ___, ...refused } =
  refusedFields;

const options = z.object({
  ...refused,
  ...samplingFields,
  num_predict: integerFrom(-2),
  repeat_penalty: samplingFields.repetition_penalty,
  stop: commonFields.stop,
  draft: commonFields.draft,
  draft_tree: commonFields.draft_tree,
}, "must be an object").nullish();

/** The shape of the fields. What only concerns how a model is run is ignored. */
export const ollamaFields = {
  model: commonFields.model,
  stream: flag(),
  format: z.enum(["json", ""], FORMAT).or(jsonSchema).nullish(),
  options,
  keep_alive: z.unknown().optional(),
  think: z.unknown().optional(),
};

/** A request; an empty one only asks that the model be opened. */
export interface OllamaRequest extends WireRequest {
  empty: boolean;
}

/**
 * Puts a prompt and the common fields into a request. A reply is a stream unless the
 * request says otherwise.
 *
 * @throws {ApiError} 400 if two fields contradict each other.
 */
export function toOllamaRequest(
  prompt: GenerationRequest["prompt"],
  { body, empty, randomSeed }: ParseOptions & {
    body: z.infer<z.ZodObject<typeof ollamaFields>>;
    empty: boolean;
  },
): OllamaRequest {
  const { num_predict, repeat_penalty, ...options } = body.options ?? {};
  const request = toWireRequest(prompt, {
    body: {
      ...options,
      ...repeat_penalty != null && { repetition_penalty: repeat_penalty },
      model: toModelName(body.model ?? ""),
      stream: body.stream ?? true,
    },
    maxTokens: num_predict != null && num_predict >= 0
      ? num_predict
      : undefined,
    randomSeed,
  });
  const { format } = body;
  if (format != null && format !== "") {
    request.generation.grammar = format === "json"
      ? { type: "json_object" }
      : { type: "json_schema", schema: withListedProperties(format) };
    request.generation.grammarParam = "format";
  }
  return { ...request, empty };
}

/** Returns the name of a model without the tag that Ollama's clients add. */
function toModelName(name: string): string {
  return name.replace(/:latest$/, "");
}

/** The body of a request about one model; `name` is the older word for it. */
export const modelBody = sentAs(
  z.object({
    model: commonFields.model,
    name: commonFields.model,
    stream: flag(),
  }, "must be a JSON object"),
  (body) => ({
    ...body,
    anyOf: ["model", "name"].map((name) => ({
      properties: { [name]: { type: "string", minLength: 1 } },
      required: [name],
    })),
  }),
);

/** Returns the name of the model that a request is about. */
export function modelOf({ model, name }: z.infer<typeof modelBody>): string {
  const given = model || name;
  if (given) return toModelName(given);
  throw badRequest("model", {
    must: "must be the name of a model",
    received: model ?? undefined,
  });
}
