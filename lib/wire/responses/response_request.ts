/**
 * Reads the body of `POST /v1/responses`, OpenAI's newer resource. What it has in common
 * with chats is read as there.
 *
 * @module
 */

import { z } from "zod";
import type { ChatMessage } from "../../engine/generation.ts";
import {
  commonFields,
  type ParseOptions,
  toWireRequest,
  type WireRequest,
} from "../openai/common_fields.ts";
import {
  flag,
  integerFrom,
  integerWithin,
  isObject,
  tokenLimit,
  unsupported,
} from "../fields.ts";
import { useFunctions } from "../openai/tools/tool_fields.ts";
import { input } from "./input_items.ts";
import { textConfig, toResponseFormat } from "./text_config.ts";
import { responseTools } from "./tools.ts";

const STRING = "must be a string";
const ID = "must be the id of a response";
const METADATA =
  "must be an object of at most 16 strings, each of at most 512 characters";

/** The body of a request for a response. */
export const responseBody = z.object({
  ...commonFields,
  input: input.nullish(),
  instructions: z.string(STRING).nullish(),
  previous_response_id: z.string(ID).min(1, ID).nullish(),
  store: flag(),
  stream_options: z.object({ include_obfuscation: flag() }, "must be an object")
    .nullish(),
  max_output_tokens: tokenLimit(),
  max_tool_calls: integerFrom(0),
  tools: responseTools,
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: flag(),
  text: textConfig,
  include: z.array(z.string(STRING), "must be an array of strings").nullish(),
  top_logprobs: integerWithin(0, 20),
  truncation: z.enum(["auto", "disabled"], 'must be "auto" or "disabled"')
    .nullish(),
  metadata: z.custom<Record<string, string>>(isMetadata, METADATA).meta({
    type: "object",
    maxProperties: 16,
    additionalProperties: { type: "string", maxLength: 512 },
  }).nullish(),
  reasoning: z.custom<Record<string, unknown>>(isObject, "must be an object")
    .meta({ type: "object" }).nullish(),
  user: z.string(STRING).nullish(),
  safety_identifier: z.string(STRING).nullish(),
  background: unsupported(false),
  conversation: unsupported(),
  prompt: unsupported(),
  messages: unsupported(),
  max_tokens: unsupported(),
  response_format: unsupported(),
  functions: unsupported(),
  n: unsupported(1),
  best_of: unsupported(0, 1),
  draft_trace: unsupported(false),
}, "must be a JSON object");

/** The body, once read. */
export type ResponseBody = z.infer<typeof responseBody>;

/**
 * Returns the request for the answer to a conversation.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function toRequest(
  body: ResponseBody,
  { messages, randomSeed }: ParseOptions & { messages: ChatMessage[] },
): WireRequest {
  const { instructions } = body;
  const system: ChatMessage[] = instructions
    ? [{ role: "system", content: instructions }]
    : [];
  const request = toWireRequest({ messages: [...system, ...messages] }, {
    body: {
      ...body,
      response_format: toResponseFormat(body.text),
      stream_options: null,
      max_tokens: null,
      n: null,
      best_of: null,
      draft_trace: null,
    },
    maxTokens: body.max_output_tokens ?? undefined,
    randomSeed,
  });
  const { generation } = request;
  if (generation.grammarParam) {
    generation.grammarParam = renameParam(generation.grammarParam);
  }
  const tools = useFunctions(body.tools ?? [], { ...body, flat: true });
  if (tools) generation.tools = tools;
  const isScored = body.include?.includes("message.output_text.logprobs");
  if (isScored || body.top_logprobs) {
    generation.logprobs = body.top_logprobs ?? 0;
  }
  return request;
}

/** Returns the name that a parameter of chats has here. */
export function renameParam(param: string): string {
  return param
    .replace(/^messages/, "input")
    .replace(/^response_format(\.json_schema)?/, "text.format")
    .replace(/^(tools\[\d+\])\.function/, "$1");
}

function isMetadata(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length <= 16 &&
    Object.values(value).every((text) =>
      typeof text === "string" && text.length <= 512
    );
}
