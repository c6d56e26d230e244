/**
 * From the items of a conversation to the messages of a chat. A message of the
 * assistant's and the calls next to it are one message; each call must have an output.
 *
 * @module
 */

import type { ChatMessage } from "../../engine/generation.ts";
import { badRequest } from "../bad_request.ts";
import type { Item } from "./input_items.ts";

/**
 * Returns the messages of a conversation.
 *
 * @param items the whole conversation, without references.
 * @param paramOf returns the parameter that an item comes from, for errors.
 * @throws {ApiError} 400 if a call and its output do not belong together.
 */
export function toMessages(
  items: readonly Item[],
  paramOf: (index: number) => string,
): ChatMessage[] {
  const messages: ChatMessage[] = [];
  /** The last calls by id: the item of each, and whether it has an output. */
  const calls = new Map<string, { at: number; answered: boolean }>();

  function finishCalls(): void {
    for (const [id, { at, answered }] of calls) {
      if (answered) continue;
      throw badRequest(paramOf(at), {
        must: "must be followed by an output of the call",
        received: `no output for ${id}`,
      });
    }
    calls.clear();
  }
  /** Returns the assistant's message that is being read, or begins one. */
  function assistant(): ChatMessage {
    const last = messages.at(-1);
    if (last?.role === "assistant") return last;
    finishCalls();
    messages.push({ role: "assistant", content: "" });
    return messages.at(-1)!;
  }

  for (const [at, item] of items.entries()) {
    switch (item.type) {
      case "message": {
        const { role, text } = item;
        const last = messages.at(-1);
        if (role === "assistant" && last?.toolCalls) {
          last.content = [last.content, text].filter(Boolean).join("\n");
          break;
        }
        finishCalls();
        messages.push({ role, content: text });
        break;
      }
      case "function_call": {
        const message = assistant();
        const { call_id: id, name, arguments: json } = item;
        message.toolCalls ??= [];
        message.toolCalls.push({ id, name, arguments: json || "{}" });
        calls.set(id, { at, answered: false });
        break;
      }
      case "function_call_output": {
        const { call_id: toolCallId, output: content } = item;
        const call = calls.get(toolCallId);
        if (!call) {
          throw badRequest(`${paramOf(at)}.call_id`, {
            must: "must be the call_id of a call before it",
            received: toolCallId,
          });
        }
        call.answered = true;
        messages.push({ role: "tool", content, toolCallId });
        break;
      }
    }
  }
  finishCalls();
  return messages;
}
