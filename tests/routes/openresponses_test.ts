/**
 * The core cases of the OpenResponses specification, whole and as a stream. Its case of
 * images is left out, as no model here reads them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { responseResource, streamingEvent } from "./_openresponses.ts";
import { script, serveScript } from "./_responses.ts";

const WEATHER =
  '<tool_call>\n{"name": "get_weather", "arguments": {"location": "San Francisco, CA"}}\n</tool_call>';

const message = (role: string, content: string) => ({
  type: "message",
  role,
  content,
});

const tools = [{
  type: "function",
  name: "get_weather",
  description: "Get the current weather for a location",
  parameters: {
    type: "object",
    properties: {
      location: {
        type: "string",
        description: "The city and state, e.g. San Francisco, CA",
      },
    },
    required: ["location"],
  },
}];

/** What is asked, what the model says, and the type of the output. */
const CASES: Record<string, [fields: object, says: string, type: string]> = {
  "a basic text response": [
    { input: [message("user", "Say hello in exactly 3 words.")] },
    "Hello to you.",
    "message",
  ],
  "a system prompt": [
    {
      input: [
        message("system", "You are a pirate."),
        message("user", "Say hello."),
      ],
    },
    "Ahoy!",
    "message",
  ],
  "a call of a tool": [
    { input: [message("user", "How is the weather there?")], tools },
    WEATHER,
    "function_call",
  ],
  "a conversation of several turns": [
    {
      input: [
        message("user", "My name is Alice."),
        message("assistant", "Hello Alice! How can I help you today?"),
        message("user", "What is my name?"),
      ],
    },
    "Alice.",
    "message",
  ],
};

for (const [name, [fields, says, type]] of Object.entries(CASES)) {
  Deno.test(`OpenResponses: ${name}`, async () => {
    await using server = await serveScript(script(says, says));
    const ask = (stream: boolean) =>
      fetch(`${server.url}/v1/responses`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ model: "toy", ...fields, stream }),
      });
    const whole = responseResource.parse(await (await ask(false)).json());
    assertEquals(whole.status, "completed");
    assert(whole.output.some((item) => item.type === type));

    const response = await ask(true);
    assertEquals(
      response.headers.get("content-type"),
      "text/event-stream; charset=utf-8",
    );
    const lines = (await response.text()).trim().split("\n\n");
    assertEquals(lines.pop(), "data: [DONE]");
    const events = lines.map((text) => {
      const [, name, data] = /^event: (.+)\ndata: (.+)$/.exec(text)!;
      const event = streamingEvent.parse(JSON.parse(data));
      assertEquals(event.type, name);
      return event;
    });
    const added = events.filter((event) =>
      event.type === "response.output_item.added"
    );
    const last = events.at(-1)!;
    if (last.type !== "response.completed") throw new TypeError(last.type);
    assertEquals(
      added.map((event) => "item" in event && event.item.type),
      last.response.output.map((item) => item.type),
    );
    const types = new Set<string>(events.map((event) => event.type));
    const delta = type === "message"
      ? "output_text"
      : "function_call_arguments";
    assert(types.has(`response.${delta}.delta`));
    assert(types.has(`response.${delta}.done`));
  });
}
