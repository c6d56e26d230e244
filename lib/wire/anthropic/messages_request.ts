/**
 * Reads the bodies of `POST /v1/messages` and `POST /v1/messages/count_tokens`.
 *
 * @module
 */

import { z } from "zod";
import { ApiError } from "../../engine/errors.ts";
import type { GenerationRequest } from "../../engine/generation.ts";
import {
  commonFields,
  type ParseOptions,
  toWireRequest,
  type WireRequest,
} from "../openai/common_fields.ts";
import { describe } from "../describe.ts";
import { canContinue } from "../openai/parameters/template.ts";
import { jsonSchema } from "../openai/parameters/structured_output.ts";
import { samplingFields } from "../openai/parameters/sampling.ts";
import { readBody } from "../read_body.ts";
import {
  cacheControl,
  joinText,
  type Message,
  messages,
  textBlocks,
  toChatMessages,
} from "./blocks.ts";
import { toolFields, toToolUse } from "./tools.ts";

const LIMIT = "must be an integer of at least 0";

/**
 * The line that Claude Code puts before the system prompt. It differs from request to
 * request, so no cached prompt would ever be found, and is not meant for the model.
 */
const BILLING = /^x-anthropic-billing-header:[^\n]*\n*/;

const format = z.object({
  type: z.literal("json_schema", 'must be "json_schema"'),
  schema: jsonSchema,
}, "must be an object with a type and a schema").nullish();

/** What a request says about its prompt. */
const promptFields = {
  model: commonFields.model,
  messages,
  system: textBlocks.nullish(),
  ...toolFields,
  cache_control: cacheControl,
};

/** The body of a request to count tokens. */
export const countBody = z.object(promptFields, "must be a JSON object");

/** The body of a request for a message. */
export const messagesBody = z.object({
  ...promptFields,
  ...samplingFields,
  max_tokens: z.number(LIMIT)
    .refine((value) => Number.isInteger(value) && value >= 0, LIMIT)
    .meta({ type: "integer", minimum: 0 }),
  stop_sequences: commonFields.stop,
  stream: commonFields.stream,
  output_config: z.object({ format }, "must be an object").nullish(),
  output_format: format,
  prompt_cache_key: commonFields.prompt_cache_key,
  draft: commonFields.draft,
  draft_tree: commonFields.draft_tree,
  thread: z.unknown().optional().meta({ enum: [null], deprecated: true }),
}, "must be a JSON object");

/**
 * Reads the JSON text of a request for a message.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseMessagesRequest(
  text: string,
  { randomSeed }: ParseOptions,
): WireRequest {
  const body = readBody(messagesBody, text);
  refuseThread(body.thread);
  const { prompt, tools } = toPrompt(body);
  const request = toWireRequest(prompt, {
    body: {
      ...body,
      stop: body.stop_sequences,
      ...isKept(body) && { prompt_cache_retention: "24h" },
    },
    maxTokens: body.max_tokens,
    randomSeed,
  });
  if (tools) request.generation.tools = tools;
  const { output_config, output_format } = body;
  const form = output_config?.format ?? output_format;
  if (form) {
    const { schema } = form;
    request.generation.grammar = { type: "json_schema", schema };
    request.generation.grammarParam = output_config?.format
      ? "output_config.format.schema"
      : "output_format.schema";
  }
  return request;
}

/** Python's runner of tools opens a thread, and goes on without if it hears this. */
function refuseThread(thread: unknown): void {
  if (thread == null) return;
  throw new ApiError(
    400,
    `Cannot read the request: thread must be absent: received ${
      describe(thread)
    }`,
    { param: "thread", code: "thread_unsupported_request" },
  );
}

/** A prompt, and the model whose tokens are counted. */
export interface CountRequest
  extends Pick<GenerationRequest, "prompt" | "tools"> {
  model: string;
}

/**
 * Reads the JSON text of a request to count the tokens of a prompt.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseCountRequest(text: string): CountRequest {
  const body = readBody(countBody, text);
  return { model: body.model ?? "", ...toPrompt(body) };
}

type PromptBody = z.infer<typeof countBody>;

function toPrompt(
  body: PromptBody,
): Pick<GenerationRequest, "prompt" | "tools"> {
  const system = joinText(withoutBilling(body.system ?? []));
  const tools = toToolUse(body);
  const messages = toChatMessages(body.messages);
  if (system !== "") messages.unshift({ role: "system", content: system });
  return {
    prompt: { messages, ...canContinue(messages) && { ending: "text" } },
    ...tools && { tools },
  };
}

function withoutBilling(system: { text: string }[]): { text: string }[] {
  return system
    .map(({ text }, i) => ({
      text: i === 0 ? text.replace(BILLING, "") : text,
    }))
    .filter(({ text }) => text !== "");
}

/** Returns whether a part of a prompt is to be kept for an hour. */
function isKept(body: PromptBody): boolean {
  const blocksOf = ({ content }: Message) =>
    content.map((block) => "cache_control" in block ? block : {});
  const marked: { cache_control?: z.infer<typeof cacheControl> }[] = [
    body,
    ...body.system ?? [],
    ...body.tools ?? [],
    ...body.messages.flatMap(blocksOf),
  ];
  return marked.some(({ cache_control }) => cache_control?.ttl === "1h");
}
