import { assertEquals } from "@std/assert";
import type { ChatMessage } from "../../lib/engine/generation.ts";
import { toTemplateChat } from "../../lib/tools/template_chat.ts";

const call = (...calls: [id: string, name: string][]): ChatMessage => ({
  role: "assistant",
  content: "",
  toolCalls: calls.map(([id, name]) => ({ id, name, arguments: "{}" })),
});

const result = (toolCallId: string): ChatMessage => ({
  role: "tool",
  content: "done",
  toolCallId,
});

Deno.test("toTemplateChat() joins a result with the last call of its id", () => {
  const { messages } = toTemplateChat([
    call(["0", "f"], ["1", "g"]),
    result("1"),
    result("0"),
    call(["0", "h"]),
    result("0"),
  ], []);
  const ids = messages.map(({ tool_calls, tool_call_id, name }) =>
    (tool_calls as { id: string }[] | undefined)?.map(({ id }) => id) ??
      [tool_call_id, name]
  );
  assertEquals(ids, [
    ["call00001", "call00002"],
    ["call00002", "g"],
    ["call00001", "f"],
    ["call00003"],
    ["call00003", "h"],
  ]);
});
