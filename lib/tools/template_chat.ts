/**
 * Messages and tools in the form that chat templates expect, which is OpenAI's with
 * two differences: arguments are objects, and ids are 9 letters and digits, as
 * Mistral's templates demand.
 *
 * @module
 */

import type { ChatMessage } from "../engine/generation.ts";
import type { Tool, ToolCall } from "./tool.ts";
import { functionOf } from "./tool_format.ts";

/** The variables of a template that a chat decides. */
export interface TemplateChat {
  messages: Record<string, unknown>[];
  tools?: Record<string, unknown>[];
}

/** Deeper arguments stay text, as templates write JSON recursively. */
const DEEPEST = 64;

/** Writes a chat as a template expects it. */
export function toTemplateChat(
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
): TemplateChat {
  // Some clients count the calls of each message from 0: an id is that of the last.
  const calls = new Map<string, { id: string; name: string }>();
  let count = 0;
  const begin = ({ id, name }: ToolCall) => {
    const call = { id: idOf(++count), name };
    calls.set(id, call);
    return call;
  };
  const callOf = (id: string) => calls.get(id) ?? { id: idOf(0), name: "" };
  return {
    messages: messages.map(({ role, content, toolCalls, toolCallId }) => ({
      role,
      content: content.toWellFormed(),
      ...(toolCalls && {
        tool_calls: toolCalls.map((call) => ({
          id: begin(call).id,
          type: "function",
          function: { name: call.name, arguments: toObject(call.arguments) },
        })),
      }),
      ...(toolCallId !== undefined && {
        tool_call_id: callOf(toolCallId).id,
        name: callOf(toolCallId).name,
      }),
    })),
    ...(tools.length > 0 && {
      tools: tools.map((tool) => ({
        type: "function",
        function: functionOf(tool),
      })),
    }),
  };
}

function idOf(number: number): string {
  return `call${String(number).padStart(5, "0")}`;
}

/** Reads arguments; text that is not an object, or too deep a one, stays text. */
function toObject(json: string): unknown {
  if (depthOf(json) > DEEPEST) return json;
  try {
    const value = JSON.parse(json);
    return typeof value === "object" && value !== null ? value : json;
  } catch {
    return json;
  }
}

/** Returns at most how deep brackets are nested in a text. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of json) {
    if (character === "{" || character === "[") depth++;
    if (character === "}" || character === "]") depth--;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
