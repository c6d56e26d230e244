import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  encodeTexts,
  type RequestTexts,
} from "../../lib/engine/encode_texts.ts";
import { runTask } from "../../lib/engine/text_tasks.ts";
import { ApiError } from "../../lib/engine/errors.ts";
import { TextThread } from "../../lib/engine/text_thread.ts";
import { ChatTemplate } from "../../lib/text/chat_template.ts";
import { Tokenizer } from "../../lib/text/tokenizer.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { countWorkers } from "../_workers.ts";

const CONTEXT = 8192;
const NEVER = new AbortController().signal;

/** Reads texts with the tokenizer of a tiny model. */
async function open() {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const vocabulary = ggufVocabulary((await openGguf(path)).metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const reader = { tokenizer, template, context: CONTEXT };
  const texts = new TextThread(reader, { path });
  return {
    path,
    reader,
    texts,
    async [Symbol.asyncDispose]() {
      texts[Symbol.dispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Counts the turns of the event loop until a promise settles. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let running = true;
  promise.catch(() => {}).finally(() => running = false);
  while (running) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    turns++;
  }
  return turns;
}

Deno.test("TextThread encodes a text alike, wherever it does so", async () => {
  await using world = await open();
  const long = "The other thing. ".repeat(400);
  const cases: RequestTexts[] = [
    { prompt: { text: "The other" } },
    { prompt: { text: long } },
    { prompt: { messages: [{ role: "user", content: long }] } },
    { prompt: { text: "a" }, prediction: long },
  ];
  for (const texts of cases) {
    assertEquals(
      await world.texts.run("encode", texts, NEVER),
      encodeTexts(texts, world.reader),
    );
  }
});

Deno.test("TextThread turns text into tokens and back alike, wherever it does so", async () => {
  await using world = await open();
  const content = "The other thing.<|im_end|> ".repeat(200);
  const chat = { prompt: { messages: [{ role: "user" as const, content }] } };
  const text = {
    parts: [content, 1],
    param: "content",
    addSpecial: true,
    parseSpecial: true,
  };
  const { reader } = world;
  const tokens = runTask("tokenize", text, reader);
  assertEquals(await world.texts.run("tokenize", text, NEVER), tokens);
  const { ids } = tokens;
  const read = await world.texts.run("detokenize", ids, NEVER);
  assertEquals(read, `${content}\x01`);
  const prompt = await world.texts.run("render", chat, NEVER);
  assertEquals(prompt, runTask("render", chat, reader));
});

Deno.test("TextThread refuses a long text as it does a short one", async () => {
  await using world = await open();
  const prompt = { messages: [{ role: "user", content: "z".repeat(9000) }] };
  const error = await assertRejects(
    () => world.texts.run("encode", { prompt } as RequestTexts, NEVER),
    ApiError,
    "tokens > 8191 maximum",
  );
  assertEquals(
    [error.status, error.code, error.param],
    [400, "context_length_exceeded", "messages"],
  );
});

for (
  const [what, texts] of Object.entries({
    prompt: { prompt: { text: " ".repeat(262_144) } },
    chat: {
      prompt: { messages: [{ role: "user", content: "z ".repeat(20_000) }] },
    },
    "chat of many messages": {
      prompt: {
        messages: Array.from({ length: 500 }, () => ({
          role: "user",
          content: "",
        })),
      },
    },
    prediction: {
      prompt: { text: "a" },
      prediction: "z".repeat(60_000),
    },
  })
) {
  Deno.test(`TextThread leaves the event loop free during a long ${what}`, async () => {
    await using world = await open();
    const encoding = world.texts.run("encode", texts as RequestTexts, NEVER);
    const turns = await turnsDuring(encoding);
    // On this thread it would be one turn.
    assert(turns > 20, `${turns} turns`);
  });
}

Deno.test("TextThread lets a client leave while others are served", async () => {
  await using world = await open();
  const text = "z".repeat(8000);
  const leaving = new AbortController();
  const first = world.texts.run("encode", { prompt: { text } }, NEVER);
  const second = world.texts.run(
    "encode",
    { prompt: { text } },
    leaving.signal,
  );
  leaving.abort(new TypeError("gone"));
  await assertRejects(() => second, TypeError, "gone");
  assertEquals((await first).prompt.length, 8000);
});

Deno.test("TextThread opens a new worker after one has failed", async () => {
  await using world = await open();
  const file = await Deno.readFile(world.path);
  await Deno.remove(world.path);
  const texts = { prompt: { text: "z".repeat(6000) } };
  const encode = () => world.texts.run("encode", texts, NEVER);
  const both = [encode(), encode()];
  for (const failed of both) {
    await assertRejects(() => failed, Error, "The text worker failed");
  }
  await Deno.writeFile(world.path, file);
  assertEquals((await encode()).prompt.length, 6000);
});

Deno.test("TextThread ends a worker that is not to be kept", async () => {
  await using world = await open();
  const { reader, path } = world;
  using workers = countWorkers();
  const thread = new TextThread(reader, { path, isKept: false });
  const texts = { prompt: { text: "z".repeat(6000) } };
  const both = [1, 2].map(() => thread.run("encode", texts, NEVER));
  for (const encoded of both) {
    assertEquals((await encoded).prompt.length, 6000);
  }
  assertEquals([workers.opened, workers.live], [2, 0]);
});
