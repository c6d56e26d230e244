/**
 * Calls of tools in replies: whole, or as deltas of a stream, of which the first has
 * the id and the name.
 *
 * @module
 */

import type {
  ChatCompletionChunk,
  ChatCompletionMessageFunctionToolCall,
} from "openai/resources";
import type { CallPart, ToolCall } from "../../../tools/tool.ts";
import type { End } from "../reply.ts";

type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall;

/** Returns the delta of a part of a call, in the reply with the given id. */
export function toCallDelta(replyId: string, part: CallPart): CallDelta {
  const { index } = part;
  if (part.type === "arguments") {
    return { index, function: { arguments: part.text } };
  }
  return {
    index,
    id: toCallId(replyId, index),
    type: "function",
    function: { name: part.name, arguments: "" },
  };
}

/** Joins the parts of the calls of a reply. */
export function joinCalls(parts: CallPart[]): Omit<ToolCall, "id">[] {
  const calls: Omit<ToolCall, "id">[] = [];
  for (const part of parts) {
    if (part.type === "arguments") calls[part.index].arguments += part.text;
    else calls.push({ name: part.name, arguments: "" });
  }
  return calls;
}

/** Returns the calls of a reply. */
export function toToolCalls(
  replyId: string,
  parts: CallPart[],
): ChatCompletionMessageFunctionToolCall[] {
  return joinCalls(parts).map((call, index) => ({
    id: toCallId(replyId, index),
    type: "function",
    function: call,
  }));
}

/** Returns why a reply ended; a call that its limit cut is not a call to make. */
export function toFinish(
  finish: End["finishReason"],
  called: boolean,
): "stop" | "length" | "tool_calls" {
  return finish === "stop" && called ? "tool_calls" : finish;
}

/** Returns the id of a call; a reply's id is unique, and so is a number in it. */
export function toCallId(replyId: string, index: number): string {
  const rest = replyId.replace(/^[a-z]+[-_]/, "").replaceAll("-", "");
  return `call_${rest}_${index}`;
}
