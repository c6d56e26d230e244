import { assert, assertEquals } from "@std/assert";
import { attacked } from "./_hostile.ts";

const HEAD = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n" +
  "Content-Type: application/json\r\n";
const QUESTION = JSON.stringify({
  model: "toy",
  stream: true,
  messages: [{ role: "user", content: "Hi" }],
});
const STREAM = `${HEAD}Content-Length: ${QUESTION.length}\r\n\r\n${QUESTION}`;
/** A body of a MiB that lacks its last bytes. */
const STALLED = `${HEAD}Content-Length: 1048576\r\n\r\n${" ".repeat(1048000)}`;

/** The most that attacks may take, in MiB. */
const MOST_MEMORY = 250;

/** The most seconds that an honest client waits: limits of time are a second or two here. */
const PATIENCE = 15;

Deno.test({
  name: "hostile peers neither stop the server nor fill its memory",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using server = await attacked();
    for (let i = 0; i < 20; i++) await server.ask();
    const before = server.memory();
    const attacks: [name: string, count: number, text: string][] = [
      ["connections that say nothing", 500, ""],
      ["heads that never end", 300, "GET / HTTP/1.1\r\nHost: local"],
      ["heads of 10 MB", 5, `${HEAD}X-Long: ${"x".repeat(10_000_000)}`],
      ["streams that nobody reads", 20, STREAM],
      ["bodies that never end", 100, STALLED],
    ];
    for (const [name, count, text] of attacks) {
      await t.step(name, async () => {
        await server.connect(count, text);
        for (let i = 0; i < 3; i++) {
          const { text, seconds } = await server.ask();
          assertEquals(text, "word word word word");
          assert(seconds < PATIENCE, `${seconds} s`);
        }
        const more = Math.round(server.memory() - before);
        console.log(`${name}: ${more} MiB more than ${Math.round(before)}`);
        assert(more < MOST_MEMORY, `${more} MiB more`);
      });
    }
    await t.step("a head of 10 MB is refused", async () => {
      const [, , text] = attacks[2];
      assertEquals((await server.statusOf(text)).slice(0, 12), "HTTP/1.1 431");
    });
  },
});
