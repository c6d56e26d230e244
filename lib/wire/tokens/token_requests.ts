/**
 * Reads requests to turn texts into tokens and back, in llama-server's words and in
 * vLLM's.
 *
 * @module
 */

import { z } from "zod";
import type { Chat, NamedText } from "../../engine/text_tasks.ts";
import { badRequest } from "../bad_request.ts";
import { flag, tokenId, unsupported } from "../fields.ts";
import { messages } from "../openai/messages.ts";
import { sentAs } from "../openapi/json_schema.ts";
import { readBody } from "../read_body.ts";
import { toolFields, toToolUse } from "../openai/tools/tool_fields.ts";

/** A request to turn a text or a chat into tokens. */
export interface TokenizeRequest {
  /** Name of the model; empty for the first. */
  model: string;
  input: NamedText | Chat;
  /** Whether each token comes with its text, as llama-server writes it. */
  withPieces: boolean;
  /** Whether the texts of the tokens are listed, as vLLM writes them. */
  withStrings: boolean;
}

const MODEL = "must be the name of a model";
const TEXT = "must be a string, or an array of strings and token ids";
const TOKEN = "must be a token id";
const TOKENS = "must be an array of token ids";
const BODY = "must be a JSON object";

const model = z.string(MODEL).nullish();
const text = z.union([
  z.string(),
  z.array(z.union([z.string(), tokenId(TOKEN)])),
], TEXT).nullish();

/** How a template is used; only its usual use is here. */
const templateFields = {
  add_generation_prompt: unsupported(true),
  continue_final_message: unsupported(false),
  chat_template: unsupported(""),
  chat_template_kwargs: unsupported(),
};

/** The fields that have what is tokenized, of which a request has one. */
const INPUTS = ["content", "prompt", "messages"] as const;

/** The body of `POST /tokenize`. */
export const tokenizeBody = sentAs(
  z.object({
    model,
    content: text,
    prompt: text,
    messages: messages.optional(),
    ...toolFields,
    ...templateFields,
    add_special: flag(),
    add_special_tokens: flag(),
    parse_special: flag(),
    with_pieces: flag(),
    return_token_strs: flag(),
  }, BODY),
  (body) => ({
    ...body,
    oneOf: INPUTS.map((name) => ({
      properties: { [name]: { not: { type: "null" } } },
      required: [name],
    })),
  }),
);

/** The body of `POST /detokenize`. */
export const detokenizeBody = z.object({
  model,
  tokens: z.array(tokenId(TOKEN), TOKENS),
}, BODY);

/** The body of `POST /apply-template`. */
export const templateBody = z.object({
  model,
  messages,
  ...toolFields,
  ...templateFields,
}, BODY);

/**
 * Reads the JSON text of a request for tokens. A `prompt` begins with the model's start
 * token unless the request says otherwise, as in vLLM; a `content` does not, as in
 * llama-server.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseTokenize(json: string): TokenizeRequest {
  const body = readBody(tokenizeBody, json);
  const given = INPUTS.filter((param) => body[param] != null);
  if (given.length !== 1) {
    throw badRequest(given[1] ?? "content", {
      must: "must be the only one of content, prompt and messages",
      received: given.length === 0 ? undefined : "another, too",
    });
  }
  const [param] = given;
  const text = body.content ?? body.prompt;
  const addSpecial = body.add_special ?? body.add_special_tokens ??
    param === "prompt";
  return {
    model: body.model ?? "",
    input: text == null ? toChat({ ...body, messages: body.messages! }) : {
      param,
      addSpecial,
      parts: [text].flat(),
      parseSpecial: body.parse_special ?? true,
    },
    withPieces: body.with_pieces ?? false,
    withStrings: body.return_token_strs ?? false,
  };
}

/**
 * Reads the JSON text of a request for the text of tokens.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseDetokenize(
  json: string,
): { model: string; tokens: number[] } {
  const { model, tokens } = readBody(detokenizeBody, json);
  return { model: model ?? "", tokens };
}

/**
 * Reads the JSON text of a request for the prompt of a chat.
 *
 * @throws {ApiError} 400 that names the parameter at fault.
 */
export function parseTemplate(json: string): { model: string; chat: Chat } {
  const body = readBody(templateBody, json);
  return { model: body.model ?? "", chat: toChat(body) };
}

function toChat(body: z.infer<typeof templateBody>): Chat {
  const tools = toToolUse(body);
  return { prompt: { messages: body.messages }, ...tools && { tools } };
}
