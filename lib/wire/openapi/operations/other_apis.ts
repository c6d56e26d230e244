/**
 * The operations of the APIs of Anthropic and Ollama.
 *
 * @module
 */

import { countBody, messagesBody } from "../../anthropic/messages_request.ts";
import {
  anthropicFailure,
  message,
  messageEvent,
  tokenCount,
} from "../answers/anthropic.ts";
import { modelBody } from "../../ollama/options.ts";
import { chatBody, generateBody } from "../../ollama/requests.ts";
import {
  listed,
  ollamaChat,
  ollamaFailure,
  ollamaText,
  pulled,
  running,
  shown,
  version,
} from "../answers/ollama.ts";
import { MODEL_ERRORS, type Operation } from "../operation.ts";

const OLLAMA_FAILURE = { name: "OllamaError", schema: ollamaFailure };
const FAILURE = { name: "AnthropicError", schema: anthropicFailure };

/** Messages, and the count of their tokens. */
export const ANTHROPIC: Operation[] = [
  {
    method: "post",
    path: "/v1/messages",
    key: "caller",
    tag: "Anthropic",
    summary: "Answers the last message of a chat",
    body: { name: "MessagesRequest", schema: messagesBody },
    answer: { name: "Message", schema: message },
    events: { name: "MessageEvent", schema: messageEvent },
    failure: FAILURE,
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/v1/messages/count_tokens",
    key: "caller",
    tag: "Anthropic",
    summary: "Counts the tokens of a prompt",
    body: { name: "CountTokensRequest", schema: countBody },
    answer: { name: "TokenCount", schema: tokenCount },
    failure: FAILURE,
    errors: MODEL_ERRORS,
  },
];

/** Chats and texts by Ollama's names, and what it says of its models. */
export const OLLAMA: Operation[] = [
  {
    method: "post",
    path: "/api/chat",
    key: "caller",
    tag: "Ollama",
    summary: "Answers the last message of a chat",
    body: { name: "OllamaChatRequest", schema: chatBody },
    answer: { name: "OllamaChat", schema: ollamaChat },
    lines: true,
    events: { name: "OllamaChat", schema: ollamaChat },
    failure: OLLAMA_FAILURE,
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "post",
    path: "/api/generate",
    key: "caller",
    tag: "Ollama",
    summary: "Answers a text, or continues it",
    body: { name: "OllamaGenerateRequest", schema: generateBody },
    answer: { name: "OllamaText", schema: ollamaText },
    lines: true,
    events: { name: "OllamaText", schema: ollamaText },
    failure: OLLAMA_FAILURE,
    errors: [429, ...MODEL_ERRORS],
  },
  {
    method: "get",
    path: "/api/version",
    key: "caller",
    tag: "Ollama",
    summary: "Shows the version of this API",
    answer: { name: "OllamaVersion", schema: version },
    failure: OLLAMA_FAILURE,
    errors: [],
  },
  {
    method: "get",
    path: "/api/tags",
    key: "caller",
    tag: "Ollama",
    summary: "Lists the models",
    answer: { name: "OllamaModels", schema: listed },
    failure: OLLAMA_FAILURE,
    errors: [],
  },
  {
    method: "get",
    path: "/api/ps",
    key: "caller",
    tag: "Ollama",
    summary: "Lists the models that are open",
    answer: { name: "OllamaRunning", schema: running },
    failure: OLLAMA_FAILURE,
    errors: [],
  },
  {
    method: "post",
    path: "/api/show",
    key: "caller",
    tag: "Ollama",
    summary: "Describes a model",
    body: { name: "OllamaModelRequest", schema: modelBody },
    answer: { name: "OllamaModel", schema: shown },
    failure: OLLAMA_FAILURE,
    errors: [404, 413, 415],
  },
  {
    method: "post",
    path: "/api/pull",
    key: "caller",
    tag: "Ollama",
    summary: "Confirms that a served model is there",
    body: { name: "OllamaModelRequest", schema: modelBody },
    answer: { name: "OllamaPulled", schema: pulled },
    lines: true,
    events: { name: "OllamaPulled", schema: pulled },
    failure: OLLAMA_FAILURE,
    errors: [404, 413, 415],
  },
];
