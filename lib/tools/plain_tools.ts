/**
 * Tools for chat templates that do not know them: everything becomes text, in the
 * words of Hermes and Qwen. The system text lists the tools and shows how to call them.
 * Calls are part of the assistant's text. Results are a message of the user.
 *
 * @module
 */

import type { ChatMessage } from "../engine/generation.ts";
import type { Tool, ToolCall } from "./tool.ts";
import { functionOf, HERMES } from "./tool_format.ts";

/** Rewrites a chat so that it has no calls, no results and no other mention of tools. */
export function toPlainChat(
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
): ChatMessage[] {
  const plain: ChatMessage[] = [];
  for (const [i, message] of messages.entries()) {
    const { role, content, toolCalls = [] } = message;
    if (role === "tool" && messages[i - 1]?.role === "tool") {
      const results = plain.at(-1)!;
      results.content += `\n${toResult(content)}`;
    } else if (role === "tool") {
      plain.push({ role: "user", content: toResult(content) });
    } else {
      const texts = [content, ...toolCalls.map(toText)];
      plain.push({ role, content: texts.filter(Boolean).join("\n") });
    }
  }
  if (tools.length === 0) return plain;
  const [first, ...rest] = plain;
  const system = toSystemText(tools);
  return first?.role === "system"
    ? [{ ...first, content: `${first.content}\n\n${system}` }, ...rest]
    : [{ role: "system", content: system }, ...plain];
}

function toSystemText(tools: readonly Tool[]): string {
  return `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${tools.map((tool) => JSON.stringify(functionOf(tool))).join("\n")}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
}

function toText({ name, arguments: json }: ToolCall): string {
  return HERMES.open.replace("$name", name) + json + HERMES.close;
}

function toResult(content: string): string {
  return `<tool_response>\n${content}\n</tool_response>`;
}
