/**
 * The operations of OpenAI's API, and those of llama-server and vLLM on tokens.
 *
 * @module
 */

import { chatBody } from "../../openai/chat_request.ts";
import { completionBody } from "../../openai/completion_request.ts";
import {
  chatChunk,
  chatCompletion,
  textChunk,
  textCompletion,
} from "../answers/generation.ts";
import {
  detokenizeBody,
  templateBody,
  tokenizeBody,
} from "../../tokens/token_requests.ts";
import { decisionBody } from "../../decisions/decisions.ts";
import { embeddingsBody } from "../../embeddings/embeddings.ts";
import {
  decision,
  embeddings,
  model,
  modelList,
  promptText,
  tokenList,
  tokenText,
} from "../answers/resources.ts";
import {
  MODEL_ERRORS,
  type Named,
  type Operation,
  type Parameter,
} from "../operation.ts";
import { responseBody } from "../../responses/response_request.ts";
import {
  deletedResponse,
  inputTokens,
  response,
  responseEvent,
} from "../answers/responses.ts";

const RESPONSE: Named = { name: "Response", schema: response };
const RESPONSE_ID: Parameter = {
  name: "id",
  in: "path",
  description: "The id of the response.",
};

/** Chats, texts, responses and models. */
export const OPENAI: Operation[] = [
  {
    method: "post",
    path: "/v1/chat/completions",
    key: "caller",
    tag: "OpenAI",
    summary: "Answers the last message of a chat",
    body: { name: "ChatRequest", schema: chatBody },
    answer: { name: "ChatCompletion", schema: chatCompletion },
    events: { name: "ChatCompletionChunk", schema: chatChunk },
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/v1/completions",
    key: "caller",
    tag: "OpenAI",
    summary: "Continues a text",
    body: { name: "CompletionRequest", schema: completionBody },
    answer: { name: "Completion", schema: textCompletion },
    events: { name: "CompletionChunk", schema: textChunk },
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/v1/responses",
    key: "caller",
    tag: "OpenAI",
    summary: "Answers a conversation",
    body: { name: "ResponseRequest", schema: responseBody },
    answer: RESPONSE,
    events: { name: "ResponseEvent", schema: responseEvent },
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/v1/responses/input_tokens",
    key: "caller",
    tag: "OpenAI",
    summary: "Counts the tokens of a conversation",
    body: { name: "ResponseRequest", schema: responseBody },
    answer: { name: "InputTokens", schema: inputTokens },
    errors: MODEL_ERRORS,
  },
  {
    method: "get",
    path: "/v1/responses/{id}",
    key: "caller",
    tag: "OpenAI",
    summary: "Finds a response that is stored",
    parameters: [RESPONSE_ID],
    answer: RESPONSE,
    errors: [404],
  },
  {
    method: "delete",
    path: "/v1/responses/{id}",
    key: "caller",
    tag: "OpenAI",
    summary: "Deletes a response that is stored",
    parameters: [RESPONSE_ID],
    answer: { name: "DeletedResponse", schema: deletedResponse },
    errors: [404],
  },
  {
    method: "post",
    path: "/v1/embeddings",
    key: "caller",
    tag: "OpenAI",
    summary: "Turns texts into vectors",
    body: { name: "EmbeddingsRequest", schema: embeddingsBody },
    answer: { name: "Embeddings", schema: embeddings },
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/v1/decisions",
    key: "caller",
    tag: "OpenAI",
    summary: "Answers questions with probabilities",
    body: { name: "DecisionRequest", schema: decisionBody },
    answer: { name: "Decision", schema: decision },
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "get",
    path: "/v1/models",
    key: "caller",
    tag: "OpenAI",
    summary: "Lists the models",
    answer: { name: "ModelList", schema: modelList },
    errors: [],
  },
  {
    method: "get",
    path: "/v1/models/{id}",
    key: "caller",
    tag: "OpenAI",
    summary: "Finds a model by any of its names",
    parameters: [
      { name: "id", in: "path", description: "The name of the model." },
    ],
    answer: { name: "Model", schema: model },
    errors: [404],
  },
];

/** What llama-server and vLLM have for texts and tokens. */
export const TOKENS: Operation[] = [
  {
    method: "post",
    path: "/tokenize",
    key: "caller",
    tag: "Tokens",
    summary: "Turns a text or a chat into tokens",
    body: { name: "TokenizeRequest", schema: tokenizeBody },
    answer: { name: "TokenList", schema: tokenList },
    errors: MODEL_ERRORS,
  },
  {
    method: "post",
    path: "/detokenize",
    key: "caller",
    tag: "Tokens",
    summary: "Turns tokens into text",
    body: { name: "DetokenizeRequest", schema: detokenizeBody },
    answer: { name: "TokenText", schema: tokenText },
    errors: MODEL_ERRORS,
  },
  {
    method: "post",
    path: "/apply-template",
    key: "caller",
    tag: "Tokens",
    summary: "Shows the prompt that a chat becomes",
    body: { name: "TemplateRequest", schema: templateBody },
    answer: { name: "PromptText", schema: promptText },
    errors: MODEL_ERRORS,
  },
];
