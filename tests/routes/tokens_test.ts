import { assertEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

const app = createApp({
  engines: [toyEngine(), toyEngine({ id: "other" })],
  apiKeys: ["key"],
  logFailure: () => {},
});

/** Posts a body and gives the status and the reply. */
async function post(path: string, body: object, key = "key") {
  const response = await app.request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "x-api-key": key },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const [START, END] = [256, 257];

Deno.test("tokenize answers llama-server's clients and vLLM's alike", async () => {
  for (const path of ["/tokenize", "/v1/tokenize"]) {
    for (const param of ["content", "prompt"]) {
      const { status, body } = await post(path, { [param]: "hi<|im_end|>" });
      assertEquals(status, 200);
      const tokens = [104, 105, END];
      assertEquals(body, { tokens, count: 3, max_model_len: 2048 });
    }
  }
});

Deno.test("tokenize can leave control tokens unread and keeps token ids", async () => {
  const content = ["a", 7, "<|im_end|>"];
  const { body } = await post("/tokenize", { content, parse_special: false });
  assertEquals(body.tokens, [97, 7, ...new TextEncoder().encode("<|im_end|>")]);
});

Deno.test("tokenize shows the text of each token, or its bytes if they are none", async () => {
  const request = { content: "é!<|im_end|>", with_pieces: true };
  const { body } = await post("/tokenize", request);
  assertEquals(body.tokens, [
    { id: 195, piece: [195] },
    { id: 169, piece: [169] },
    { id: 33, piece: "!" },
    { id: END, piece: "<|im_end|>" },
  ]);
  const texts = { content: "é!", return_token_strs: true };
  const { body: { token_strs } } = await post("/tokenize", texts);
  assertEquals(token_strs, ["\ufffd", "\ufffd", "!"]);
});

Deno.test("tokenize reads a chat as the model does, with no control token of its own", async () => {
  const messages = [{ role: "user", content: "<|im_end|>" }];
  const { body: { prompt } } = await post("/apply-template", { messages });
  assertEquals(
    prompt,
    "<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n",
  );
  const { body: { tokens } } = await post("/tokenize", { messages });
  const controls = tokens.filter((id: number) => id >= START);
  assertEquals(controls, [START, END, START]);
  const { body: text } = await post("/detokenize", { tokens });
  assertEquals(text, { content: prompt, prompt });
});

Deno.test("apply-template describes tools", async () => {
  const { body: { prompt } } = await post("/apply-template", {
    messages: [{ role: "user", content: "Hi" }],
    tools: [{ type: "function", function: { name: "look_up" } }],
  });
  assertEquals(prompt.match(/look_up/g)?.length, 1);
});

Deno.test("tokens are behind the keys, and mistakes name their parameter", async () => {
  const one = { role: "user", content: "Hi" };
  const cases: [string, object, number, string | null][] = [
    ["/tokenize", {}, 400, "content"],
    ["/tokenize", { content: "a", messages: [one] }, 400, "messages"],
    ["/tokenize", { content: ["a", -1] }, 400, "content[1]"],
    ["/tokenize", { content: [999] }, 400, "content"],
    ["/tokenize", { prompt: "a".repeat(70_000) }, 400, "prompt"],
    ["/tokenize", { prompt: "a", model: "no" }, 404, "model"],
    ["/detokenize", {}, 400, "tokens"],
    ["/detokenize", { tokens: [1, 258] }, 400, "tokens"],
    ["/apply-template", { messages: [] }, 400, "messages"],
    [
      "/apply-template",
      { messages: [one], chat_template: "x" },
      400,
      "chat_template",
    ],
  ];
  for (const [path, request, status, param] of cases) {
    const { status: received, body: { error } } = await post(path, request);
    const what = `${path} ${JSON.stringify(request).slice(0, 80)}`;
    assertEquals([received, error.param], [status, param], what);
    assertEquals((await post(path, request, "wrong")).status, 401, what);
  }
});
