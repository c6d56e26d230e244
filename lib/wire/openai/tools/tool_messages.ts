/**
 * Calls and their results in the messages of a chat, checked as OpenAI does: each
 * result answers a call of the assistant's message before it, and each call has one.
 *
 * @module
 */

import { z } from "zod";
import type { ChatMessage } from "../../../engine/generation.ts";
import { toolName } from "./tool_fields.ts";

const CALLS = "must be an array of calls";
const CALL = "must be an object with an id and a function";
const ID = "must be a string of 1 to 256 characters";
const TYPE = 'must be "function"';
const FUNCTION = "must be an object with a name and arguments";
const ARGUMENTS = "must be a string of JSON";

const id = z.string(ID).min(1, ID).max(256, ID);

/** The shape of the fields that only messages about tools have. */
export const toolMessageFields = {
  tool_calls: z.array(
    z.object({
      id,
      type: z.literal("function", TYPE).nullish(),
      function: z.object(
        { name: toolName, arguments: z.string(ARGUMENTS) },
        FUNCTION,
      ),
    }, CALL),
    CALLS,
  ).nullish(),
  tool_call_id: id.nullish(),
};

/** The fields, once read. */
type ToolMessageBody = z.infer<z.ZodObject<typeof toolMessageFields>>;

/** Returns the fields in the engine's terms. */
export function toToolMessage(
  role: string,
  { tool_calls, tool_call_id }: ToolMessageBody,
): Pick<ChatMessage, "toolCalls" | "toolCallId"> {
  if (role === "tool") return { toolCallId: tool_call_id ?? "" };
  if (role !== "assistant" || !tool_calls?.length) return {};
  return {
    toolCalls: tool_calls.map((
      { id, function: { name, arguments: json } },
    ) => ({
      id,
      name,
      arguments: json || "{}",
    })),
  };
}

/** Checks that calls and results belong together. */
export function checkResults(
  messages: ChatMessage[],
  context: z.RefinementCtx,
): void {
  const found = findUnmatched(messages);
  if (!found) return;
  const { at, kind, id } = found;
  context.addIssue(
    kind === "call"
      ? {
        code: "custom",
        path: [at, "tool_calls"],
        message: "must be followed by a tool's message for each call",
        input: `no message for ${id}`,
      }
      : {
        code: "custom",
        path: [at, "tool_call_id"],
        message: "must be the id of a call in the assistant's message before",
        input: id || undefined,
      },
  );
}

/** A call without a result, or a result without a call. */
export interface Unmatched {
  kind: "call" | "result";
  /** Index of its message. */
  at: number;
  /** Id of the call. */
  id: string;
}

/** Finds the first call that has no result, or result that answers no call. */
export function findUnmatched(messages: ChatMessage[]): Unmatched | undefined {
  /** Calls of the assistant's message at `from`, and whether they have a result. */
  let calls = new Map<string, boolean>();
  let from = 0;
  const open = (): Unmatched | undefined => {
    const missing = [...calls].find(([, answered]) => !answered);
    return missing && { kind: "call", at: from, id: missing[0] };
  };
  for (
    const [at, { role, toolCalls = [], toolCallId = "" }] of messages.entries()
  ) {
    if (role === "tool") {
      if (!calls.has(toolCallId)) return { kind: "result", at, id: toolCallId };
      calls.set(toolCallId, true);
      continue;
    }
    const missing = open();
    if (missing) return missing;
    calls = new Map(toolCalls.map(({ id }) => [id, false]));
    from = at;
  }
  return open();
}
