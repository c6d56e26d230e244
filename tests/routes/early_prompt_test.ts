import { assertEquals } from "@std/assert";
import type { Texts } from "../../lib/engine/text_tasks.ts";
import { toyEngine } from "../toy/engine.ts";
import { chat, serve } from "./_serve.ts";

Deno.test("a chat is encoded while its model still opens", async () => {
  const toy = toyEngine();
  const opening = Promise.withResolvers<void>();
  const earlyTexts: Texts = {
    async run(name, input, signal) {
      const encoded = await toy.texts.run(name, input, signal);
      opening.resolve(); // A chat that waits for this is never answered.
      return encoded;
    },
  };
  const model = Object.assign(toy, {
    state: "starting" as const,
    earlyTexts: Promise.resolve(earlyTexts),
    open: () => opening.promise.then(() => toy),
  });
  await using server = await serve({ engines: [model] });
  const response = await fetch(`${server.url}/v1/chat/completions`, chat());
  assertEquals(response.status, 200);
  await response.body!.cancel();
  const messages = [{ role: "user" as const, content: "Hi" }];
  const { signal } = new AbortController();
  const { prompt } = await toy.texts.run(
    "encode",
    { prompt: { messages } },
    signal,
  );
  assertEquals(toy.asked[0].prompt, { tokens: [...prompt] });
});
