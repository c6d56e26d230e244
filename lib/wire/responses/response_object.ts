/**
 * A response as OpenAI sends it: what was asked for, and what the answer is so far.
 *
 * @module
 */

import type {
  Response,
  ResponseFormatTextConfig,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseUsage,
} from "openai/resources/responses/responses";
import type { ApiError } from "../../engine/errors.ts";
import type { Usage } from "../../engine/output_counter.ts";
import type { ReplyHead, Timed } from "../openai/reply.ts";
import type { ResponseBody } from "./response_request.ts";

/** What an answer consists of. */
export type OutputItem =
  | ResponseOutputMessage
  | ResponseFunctionToolCall & { id: string };

/** Fields that clients add themselves, that are of no use here, or that may be `null`. */
type Others = "output_text" | "access_programs" | "usage";

/** A response, with the fields of the OpenResponses specification. */
export type ResponseObject =
  & Omit<Response, Others>
  & Timed
  & {
    usage: ResponseUsage | null;
    presence_penalty: number;
    frequency_penalty: number;
    store: boolean;
  };

/** What changes while a response is made. */
export type Progress =
  & Pick<
    ResponseObject,
    "status" | "output" | "store" | "timings"
  >
  & Partial<
    Pick<ResponseObject, "completed_at" | "error" | "incomplete_details">
  >
  & { usage?: Usage };

/** Makes the response of a request. */
export function toResponse(
  { id, created, model }: ReplyHead,
  body: ResponseBody,
  { usage, timings, ...progress }: Progress,
): ResponseObject {
  return {
    id,
    object: "response",
    created_at: created,
    completed_at: null,
    error: null,
    incomplete_details: null,
    ...progress,
    background: false,
    instructions: body.instructions ?? null,
    max_output_tokens: toLimit(body.max_output_tokens),
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    model,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    prompt_cache_retention: body.prompt_cache_retention ?? null,
    reasoning: { effort: null, summary: null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: "default",
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: body.top_logprobs ?? 0,
    text: toText(body.text),
    tool_choice: (body.tool_choice ?? "auto") as Response["tool_choice"],
    tools: (body.tools ?? []).map((
      { type, name, description, parameters, strict },
    ) => ({
      type,
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? null,
    })),
    truncation: body.truncation ?? "disabled",
    usage: usage ? toResponseUsage(usage) : null,
    ...timings && { timings },
    ...body.user != null && { user: body.user },
  };
}

/** Returns a failure as a response tells it. */
export function toResponseError(
  { status, message }: ApiError,
): NonNullable<Response["error"]> {
  if (status === 429) return { code: "rate_limit_exceeded", message };
  return { code: status < 500 ? "invalid_prompt" : "server_error", message };
}

function toLimit(most: number | null | undefined): number | null {
  return most === Infinity ? null : most ?? null;
}

function toText(text: ResponseBody["text"]): NonNullable<Response["text"]> {
  const { format, verbosity } = text ?? {};
  return { format: toFormat(format), verbosity: verbosity ?? "medium" };
}

function toFormat(
  format: NonNullable<ResponseBody["text"]>["format"],
): ResponseFormatTextConfig {
  if (format?.type !== "json_schema") return format ?? { type: "text" };
  const { type, name, description, schema, strict } = format;
  const filled = {
    type,
    name: name ?? "answer",
    strict: strict ?? false,
    description: description ?? null,
    schema: schema ?? null,
  };
  // The client's type has no `null`, but its API sends it.
  return filled as ResponseFormatTextConfig;
}

function toResponseUsage(usage: Usage): ResponseUsage {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedTokens,
      cache_write_tokens: 0,
    },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
