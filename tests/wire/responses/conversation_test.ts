import { assertEquals, assertThrows } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import { toMessages } from "../../../lib/wire/responses/conversation.ts";
import { input } from "../../../lib/wire/responses/input_items.ts";

function read(value: unknown) {
  return toMessages(input.parse(value), (i) => `input[${i}]`);
}

function call(id: string, fields: object = {}) {
  const made = { call_id: id, name: "add", arguments: "{}" };
  return { type: "function_call", ...made, ...fields };
}

function output(id: string, fields: object = {}) {
  return { type: "function_call_output", call_id: id, output: "1", ...fields };
}

const user = { role: "user", content: "Hi" };
const toolCall = (id: string) => ({ id, name: "add", arguments: "{}" });
const tool = (id: string) => ({ role: "tool", content: "1", toolCallId: id });

Deno.test("toMessages() reads a text, and messages in any form", () => {
  assertEquals(read("Hi"), [user]);
  assertEquals(
    read([
      { role: "developer", content: "Be brief." },
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "a" },
          { type: "input_text", text: "b" },
        ],
      },
      { type: "reasoning", id: "rs_1", summary: [] },
      {
        type: "message",
        id: "msg_1",
        status: "completed",
        role: "assistant",
        content: [
          { type: "output_text", text: "c", annotations: [] },
          { type: "refusal", refusal: "d" },
        ],
      },
    ]),
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "a\nb" },
      { role: "assistant", content: "c\nd" },
    ],
  );
});

Deno.test("toMessages() joins calls with the assistant's text next to them", () => {
  const said = { role: "assistant", content: "Well." };
  assertEquals(
    read([user, said, call("1"), call("2"), output("2"), output("1"), user]),
    [
      user,
      { ...said, toolCalls: [toolCall("1"), toolCall("2")] },
      tool("2"),
      tool("1"),
      user,
    ],
  );
  const { messages } = { messages: read([call("1"), said, output("1")]) };
  assertEquals(messages, [{ ...said, toolCalls: [toolCall("1")] }, tool("1")]);
});

Deno.test("toMessages() reads calls one after the other, with ids used again", () => {
  const empty = { role: "assistant", content: "", toolCalls: [toolCall("1")] };
  assertEquals(
    read([
      call("1", { arguments: "" }),
      output("1", { output: [{ type: "input_text", text: "1" }] }),
      call("1"),
      output("1"),
    ]),
    [empty, tool("1"), empty, tool("1")],
  );
});

Deno.test("toMessages() names the item of a call or output that is alone", () => {
  const cases: [unknown[], string, string][] = [
    [[user, output("1")], "input[1].call_id", "a call before it"],
    [[call("1"), output("2")], "input[1].call_id", 'received "2"'],
    [[call("1"), output("1"), user, output("1")], "input[3].call_id", ""],
    [[user, call("1")], "input[1]", "no output for 1"],
    [[call("1"), user], "input[0]", "must be followed by an output"],
    [[call("1"), call("2"), output("1"), user], "input[1]", "for 2"],
  ];
  for (const [items, param, says] of cases) {
    const error = assertThrows(() => read(items), ApiError, says);
    assertEquals(error.param, param);
  }
});

Deno.test("input refuses what is no item, by its place", () => {
  const cases: [unknown, string, string][] = [
    [3, "", "must be a string or an array of items"],
    [["Hi"], "0", "must be an object with a type"],
    [[{ type: "web_search_call" }], "0.type", 'must be "message", "function_'],
    [[{ role: "tool", content: "" }], "0.role", 'must be "system"'],
    [[{ role: "user" }], "0.content", "must be a string or an array of text"],
    [
      [{ role: "user", content: [{ type: "input_image" }] }],
      "0.content.0.type",
      "as only text is supported",
    ],
    [[call("")], "0.call_id", "1 to 256 characters"],
    [[call("1", { arguments: {} })], "0.arguments", "a string of JSON"],
    [Array(2049).fill(user), "", "at most 2048 items"],
  ];
  for (const [value, path, says] of cases) {
    const [issue] = input.safeParse(value).error!.issues;
    assertEquals(issue.path.join("."), path);
    assertEquals(issue.message.includes(says), true, issue.message);
  }
});
