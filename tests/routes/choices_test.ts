/**
 * Several answers and scored tokens, read by OpenAI's client.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import OpenAI from "openai";
import { byteEngine, END, utf8 } from "../engine/_byte_engine.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { serve } from "./_serve.ts";

async function start(text = "né") {
  const server = await serve({
    engines: [byteEngine(toyDecoder([...utf8(text), END]))],
  });
  const client = new OpenAI({
    baseURL: `${server.url}/v1`,
    apiKey: "none",
    maxRetries: 0,
  });
  return { server, client };
}

const hi = {
  model: "toy",
  messages: [{ role: "user" as const, content: "Hi" }],
};

Deno.test("OpenAI's client reads several answers, whole and as a stream", async () => {
  const { server, client } = await start();
  await using _server = server;
  const whole = await client.chat.completions.create({ ...hi, n: 3 });
  assertEquals(whole.choices.map(({ index }) => index), [0, 1, 2]);
  assertEquals(
    whole.choices.map(({ message }) => message.content),
    ["né", "né", "né"],
  );
  assertEquals(whole.usage?.completion_tokens, 9);
  const stream = client.chat.completions.stream({ ...hi, n: 3 });
  const { choices } = await stream.finalChatCompletion();
  assertEquals(choices.map(({ message }) => message.content), [
    "né",
    "né",
    "né",
  ]);
});

Deno.test("OpenAI's client reads the scores of a chat's tokens", async () => {
  const { server, client } = await start();
  await using _server = server;
  const fields = { ...hi, logprobs: true, top_logprobs: 2 };
  const { choices: [whole] } = await client.chat.completions.create(fields);
  const content = whole.logprobs!.content!;
  assertEquals(content.map(({ token }) => token), ["n", "\\xc3", "\\xa9"]);
  assertEquals(content.map(({ bytes }) => bytes), [[110], [0xc3], [0xa9]]);
  assertEquals(content[0].logprob, -0.11);
  assertEquals(content[0].top_logprobs.map(({ token }) => token), ["n", "o"]);

  const stream = client.chat.completions.stream(fields);
  const { choices: [streamed] } = await stream.finalChatCompletion();
  assertEquals(streamed.logprobs?.content, content);
});

Deno.test("OpenAI's client reads batches, each prompt echoed and scored", async () => {
  const { server, client } = await start();
  await using _server = server;
  const fields = {
    model: "toy",
    prompt: [[...utf8("Ab")], [...utf8("Z")]],
    logprobs: 1,
    echo: true,
    max_tokens: 1,
  };
  const { choices, usage } = await client.completions.create(fields);
  assertEquals(choices.map(({ text }) => text), ["Abn", "Zn"]);
  assertEquals(choices.map(({ logprobs }) => logprobs?.tokens), [
    ["A", "b", "n"],
    ["Z", "n"],
  ]);
  const [{ logprobs }] = choices;
  assertEquals(logprobs?.token_logprobs, [null, -0.098, -0.11] as number[]);
  assertEquals(logprobs?.text_offset, [0, 1, 2]);
  assertEquals(logprobs?.top_logprobs?.[1], { b: -0.098 });
  assertEquals([usage?.prompt_tokens, usage?.completion_tokens], [3, 2]);

  const stream = await client.completions.create({ ...fields, stream: true });
  const texts = ["", ""];
  const tokens: string[][] = [[], []];
  for await (const { choices: [choice] } of stream) {
    texts[choice.index] += choice.text;
    tokens[choice.index].push(...choice.logprobs?.tokens ?? []);
  }
  assertEquals(texts, ["Abn", "Zn"]);
  assertEquals(tokens, [["A", "b", "n"], ["Z", "n"]]);
});

Deno.test("OpenAI's client reads one token more than the prompt, even if it is the end", async () => {
  const { server, client } = await start("");
  await using _server = server;
  const { choices: [{ text, logprobs, finish_reason }] } = await client
    .completions.create({
      model: "toy",
      prompt: "Hi",
      logprobs: 0,
      echo: true,
      max_tokens: 1,
    });
  assertEquals([text, finish_reason], ["Hi", "stop"]);
  assertEquals(logprobs?.tokens, ["H", "i", "<|im_end|>"]);
  assert(logprobs?.top_logprobs?.[2]);
});
