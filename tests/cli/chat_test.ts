import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { startServer } from "../server/_server.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { bita, ended } from "./_bita.ts";

const FOLDER = await Deno.makeTempDir();
const TINY = `${FOLDER}/tiny.gguf`;
await writeTinyGguf(TINY, { seed: 1 });
const ENV = { CACHE_DIR: FOLDER };
const SAME = ["--temperature", "0", "--max-tokens", "8"];

/** Starts a chat whose input stays open. */
function startChat(args: string[]) {
  const child = bita(["chat", ...args], ENV, "piped").spawn();
  const input = child.stdin.getWriter();
  const read = { stdout: "", stderr: "" };
  const copies = (["stdout", "stderr"] as const).map((name) =>
    child[name].pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (read[name] += text) }),
    )
  );
  return {
    read,
    type: (line: string) => input.write(new TextEncoder().encode(`${line}\n`)),
    interrupt: () => child.kill("SIGINT"),
    async until(name: "stdout" | "stderr", pattern: RegExp) {
      while (!pattern.test(read[name])) await delay(10);
    },
    async end(): Promise<number> {
      await input.close();
      const { code } = await child.status;
      await Promise.all(copies);
      return code;
    },
  };
}

Deno.test("chat answers the same with a model of its own and by URL", async () => {
  const own = startChat([TINY, ...SAME]);
  await own.type("Hello");
  await own.type("Again");
  assertEquals(await own.end(), 0);
  const figures = own.read.stderr.match(
    /^\d+ tokens, [\d.]+ a pass, \d+ a second$/gm,
  );
  assertEquals(figures?.length, 2);
  assertMatch(own.read.stdout, /./);

  await using server = await startServer({ MODEL: TINY, ...ENV });
  const remote = startChat(["--url", server.url, ...SAME]);
  await remote.type("Hello");
  await remote.type("Again");
  assertEquals(await remote.end(), 0);
  assertEquals(remote.read.stdout, own.read.stdout);
  const lengths = server.log().filter(({ msg }) => msg === "generation")
    .map(({ promptTokens }) => Number(promptTokens));
  assertEquals(lengths.length, 2);
  assertEquals(
    lengths[1] > lengths[0],
    true,
    "the second has the first before it",
  );
});

Deno.test("Ctrl-C ends the answer and not the chat; an error ends neither", async () => {
  const chat = startChat([TINY, "--temperature", "0"]);
  await chat.type("Hello");
  await chat.until("stdout", /./);
  chat.interrupt();
  await chat.until("stderr", /^(stopped|\d+ tokens)/m);
  await chat.type("x".repeat(10_000));
  await chat.until("stderr", /context/m);
  await chat.type("/new");
  await chat.type("Hello");
  assertEquals(await chat.end(), 0);
});

Deno.test("chat ends with one line if no server answers, or it wants a key", async () => {
  const server = Deno.serve({ port: 0, onListen() {} }, () => {
    const error = { message: "an API key is required" };
    return Response.json({ error }, { status: 401 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const refused = await ended(["chat", "--url", url]);
  await server.shutdown();
  assertEquals(refused.code, 1);
  assertEquals(refused.stderr, "an API key is required\n");
  const { code, stderr } = await ended(["chat", "--url", url]);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^Cannot chat: a server must answer at \S+: received .+\n$/,
  );
});
