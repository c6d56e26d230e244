import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../../lib/engine/errors.ts";
import type { GenerationEvent } from "../../../lib/engine/generation.ts";
import type { ResponseObject } from "../../../lib/wire/responses/response_object.ts";
import { ResponseReply } from "../../../lib/wire/responses/response_reply.ts";
import { responseBody } from "../../../lib/wire/responses/response_request.ts";
import { end, hello, of } from "../openai/_generation.ts";

const head = {
  id: "resp_1",
  created: 1,
  model: "toy",
  system_fingerprint: "fp",
};

const called: GenerationEvent[] = [
  { type: "text", text: "Wait.", counts: end },
  {
    type: "text",
    text: "",
    calls: [
      { type: "call", name: "add", index: 0 },
      { type: "arguments", text: '{"a"', index: 0 },
    ],
    counts: end,
  },
  {
    type: "text",
    text: " Go.",
    calls: [],
    counts: end,
  },
  end,
];

/** Makes a reply, which keeps responses where told to. */
function reply(
  fields: object = {},
  save?: (response: ResponseObject) => Promise<boolean>,
) {
  const body = responseBody.parse({ model: "toy", input: "Hi", ...fields });
  return new ResponseReply(body, { now: () => 9_000, save });
}

interface Sent {
  type: string;
  sequence_number: number;
  response: ResponseObject;
  [field: string]: unknown;
}

function parse(event: { name: string; data: string } | string): Sent {
  if (typeof event === "string") throw new TypeError(`no name: ${event}`);
  const sent = JSON.parse(event.data);
  assertEquals(sent.type, event.name);
  return sent;
}

async function stream(
  events: GenerationEvent[],
  by = reply(),
): Promise<Sent[]> {
  const all = await Array.fromAsync(by.toEvents(head, of(events)));
  assertEquals(all.at(-1), "[DONE]");
  return all.slice(0, -1).map(parse);
}

Deno.test("ResponseReply makes a whole response, the one that its stream ends with", async () => {
  const whole = await reply().toCompletion(head, of(hello));
  assertEquals(whole.status, "completed");
  assertEquals([whole.created_at, whole.completed_at], [1, 9]);
  assertEquals(whole.output, [{
    id: "msg_1_0",
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{
      type: "output_text",
      text: "Hello you",
      annotations: [],
      logprobs: [],
    }],
  }]);
  assertEquals(whole.usage, {
    input_tokens: 6,
    input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 11,
  });
  const events = await stream(hello);
  assertEquals(events.at(-1)?.type, "response.completed");
  assertEquals(events.at(-1)?.response, JSON.parse(JSON.stringify(whole)));
});

Deno.test("ResponseReply numbers its events, and makes an item of each call", async () => {
  const events = await stream(called);
  assertEquals(
    events.map(({ sequence_number }) => sequence_number),
    [...events.keys()],
  );
  const place = { item_id: "fc_1_1", output_index: 1 };
  const item = {
    id: "fc_1_1",
    type: "function_call",
    call_id: "call_1_0",
    name: "add",
  };
  const json = '{"a"';
  const call = events.filter((event) =>
    event.output_index === 1 && delete (event as Partial<Sent>).sequence_number
  );
  assertEquals(call as unknown[], [
    {
      type: "response.output_item.added",
      output_index: 1,
      item: { ...item, status: "in_progress", arguments: "" },
    },
    { type: "response.function_call_arguments.delta", ...place, delta: json },
    {
      type: "response.function_call_arguments.done",
      ...place,
      name: "add",
      arguments: json,
    },
    {
      type: "response.output_item.done",
      output_index: 1,
      item: { ...item, status: "completed", arguments: json },
    },
  ]);
  const { output } = events.at(-1)!.response;
  assertEquals(output.map(({ id }) => id), ["msg_1_0", "fc_1_1", "msg_1_2"]);
});

Deno.test("ResponseReply says what its limit has cut", async () => {
  const cut = { ...end, finishReason: "length" as const };
  const [last] = (await stream([...called.slice(0, 2), cut])).slice(-1);
  assertEquals(last.type, "response.incomplete");
  assertEquals(last.response.status, "incomplete");
  assertEquals(last.response.incomplete_details, {
    reason: "max_output_tokens",
  });
  assertEquals(
    last.response.output.map((item) => "status" in item && item.status),
    ["completed", "incomplete"],
  );
});

Deno.test("ResponseReply has a message even if there is no text", async () => {
  const { output } = await reply().toCompletion(head, of([end]));
  assertEquals(output.length, 1);
});

Deno.test("ResponseReply repeats what was asked for", async () => {
  const asked = {
    instructions: "Be brief.",
    temperature: 0.5,
    top_p: 0.9,
    metadata: { a: "b" },
    max_output_tokens: 7,
    parallel_tool_calls: false,
    previous_response_id: "resp_0",
    prompt_cache_key: "k",
    tool_choice: "required",
    truncation: "auto",
  };
  const whole = await reply({
    ...asked,
    tools: [{ type: "web_search" }, { type: "function", name: "now" }],
    text: { format: { type: "json_schema", name: "a", schema: {} } },
  }).toCompletion(head, of(hello));
  for (const [name, value] of Object.entries(asked)) {
    assertEquals(whole[name as keyof ResponseObject], value, name);
  }
  assertEquals(whole.tools, [{
    type: "function",
    name: "now",
    description: null,
    parameters: null,
    strict: null,
  }]);
  assertEquals(whole.text?.format?.type, "json_schema");
});

Deno.test("ResponseReply says whether the response is kept", async () => {
  const saved: ResponseObject[] = [];
  for (const kept of [true, false]) {
    const save = (response: ResponseObject) => {
      saved.push(response);
      return Promise.resolve(kept);
    };
    const events = await stream(hello, reply({}, save));
    assertEquals(events[0].response.store, true);
    assertEquals(events.at(-1)?.response.store, kept);
  }
  assertEquals(saved.map(({ status }) => status), ["completed", "completed"]);
  assertEquals((await stream(hello))[0].response.store, false);
});

Deno.test("ResponseReply fails before its first event, or in an event of its own", async () => {
  const late = new ApiError(503, "Late");
  async function* broken(...events: GenerationEvent[]) {
    yield* events;
    throw new ApiError(400, "messages is too long", { param: "messages" });
  }
  const early = reply();
  const error = await assertRejects(
    () => Array.fromAsync(early.toEvents(head, broken())),
    ApiError,
    "input is too long",
  );
  assertEquals(error.param, "input");
  const { response: _, ...first } = parse(early.toFailure(error));
  assertEquals(first, {
    type: "error",
    code: null,
    message: "input is too long",
    param: "input",
    sequence_number: 0,
  });

  const begun = reply();
  let sent = 0;
  await assertRejects(async () => {
    for await (const _ of begun.toEvents(head, broken(hello[0]))) sent++;
  });
  assertEquals(sent, 5);
  const { type, sequence_number, response } = parse(begun.toFailure(late));
  assertEquals([type, sequence_number], ["response.failed", 5]);
  assertEquals(response.status, "failed");
  assertEquals(response.error, { code: "server_error", message: "Late" });
  assertEquals(response.output.length, 1);
});

Deno.test("ResponseReply refuses a generation without end", async () => {
  const endless = hello.slice(0, -1);
  await assertRejects(() => stream(endless), TypeError, "must yield its end");
  await assertRejects(
    () => reply().toCompletion(head, of(endless)),
    TypeError,
    "must yield its end",
  );
});
