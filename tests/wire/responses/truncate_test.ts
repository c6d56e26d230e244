import { assertEquals } from "@std/assert";
import type { ChatMessage } from "../../../lib/engine/generation.ts";
import { truncate } from "../../../lib/wire/responses/truncate.ts";

/** Makes messages of one letter for each role. */
function chat(roles: string): ChatMessage[] {
  const names = { s: "system", u: "user", a: "assistant", t: "tool" } as const;
  return [...roles].map((role, i) => ({
    role: names[role as keyof typeof names],
    content: String(i),
  }));
}

/** Cuts a chat to at most `most` messages; returns the numbers of what is left. */
async function cut(roles: string, most: number) {
  let asked = 0;
  const left = await truncate(chat(roles), (messages) => {
    asked++;
    return Promise.resolve(messages.length <= most);
  });
  return { left: left.map(({ content }) => content).join(" "), asked };
}

Deno.test("truncate() keeps a conversation that fits", async () => {
  assertEquals(await cut("suau", 4), { left: "0 1 2 3", asked: 1 });
});

Deno.test("truncate() keeps the longest end that fits, and all system messages", async () => {
  assertEquals((await cut("suauau", 5)).left, "0 3 4 5");
  assertEquals((await cut("suatauau", 4)).left, "0 5 6 7");
  assertEquals((await cut("suausau", 4)).left, "0 4 6");
  assertEquals((await cut("u".repeat(9), 7)).left, "2 3 4 5 6 7 8");
});

Deno.test("truncate() keeps the last question even if it is too long", async () => {
  assertEquals((await cut("suau", 1)).left, "0 3");
  assertEquals((await cut("sa", 1)).left, "0 1");
});

Deno.test("truncate() counts few times", async () => {
  const { asked, left } = await cut("ua".repeat(512), 300);
  assertEquals(left.split(" ").length, 300);
  assertEquals(asked <= 11, true);
});
