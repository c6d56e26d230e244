import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { toyEngine } from "../toy/engine.ts";
import { chat, serve, type TestServer } from "./_serve.ts";

const BODY = JSON.stringify({
  model: "toy",
  messages: [{ role: "user", content: "Hi" }],
});

/** Sends bytes and returns the answer until the connection ends. */
async function send({ port }: TestServer, text: string): Promise<string> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  await socket.write(new TextEncoder().encode(text));
  return await new Response(socket.readable).text();
}

Deno.test("listen() answers what Java's client sends, which offers HTTP/2", async () => {
  const toy = toyEngine();
  const server = await serve({ engines: [toy] });
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    "Connection: Upgrade, HTTP2-Settings",
    `Content-Length: ${BODY.length}`,
    "Host: 127.0.0.1:8000",
    "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAABgAGAAA",
    "Upgrade: h2c",
    "User-Agent: Java-http-client/17.0.15",
    "Content-Type: application/json",
  ].join("\r\n");
  const answer = send(server, `${head}\r\n\r\n${BODY}`);
  while (toy.runs[0] !== "ended") await new Promise((go) => setTimeout(go, 5));
  await server[Symbol.asyncDispose](); // ends the connection
  assertStringIncludes(await answer, "HTTP/1.1 200 ");
  assertStringIncludes(await answer, "The quick brown fox.");
});

/** Asks twice with the client of the JDK, which `java` compiles by itself. */
const JAVA = `
import java.net.URI;
import java.net.http.*;

public class Ask {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newHttpClient();
    for (int i = 0; i < 2; i++) {
      var request = HttpRequest.newBuilder(URI.create(args[0]))
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(args[1])).build();
      var response = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(response.statusCode() + " " + response.body());
    }
  }
}
`;

const JAVA_HERE = await new Deno.Command("java", { args: ["-version"] })
  .output().then(({ success }) => success, () => false);
if (!JAVA_HERE) console.log("No java here: its client is not tried.");

Deno.test({
  name: "listen() answers the JDK's client",
  ignore: !JAVA_HERE,
  async fn() {
    await using server = await serve({ engines: [toyEngine()] });
    const file = await Deno.makeTempFile({ prefix: "Ask", suffix: ".java" });
    await Deno.writeTextFile(file, JAVA.replace("public class", "class"));
    const { stdout, stderr } = await new Deno.Command("java", {
      args: [file, `${server.url}/v1/chat/completions`, BODY],
    }).output();
    await Deno.remove(file);
    const said = new TextDecoder().decode(stdout);
    const failed = new TextDecoder().decode(stderr);
    assertEquals(said.match(/^200 .*quick brown/gm)?.length, 2, said + failed);
  },
});

Deno.test("listen() says how long an answer is, unless it streams", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const url = `${server.url}/v1/chat/completions`;
  const whole = await fetch(url, chat());
  const { length } = new TextEncoder().encode(await whole.text());
  assertEquals(whole.headers.get("content-length"), String(length));
  const stream = await fetch(url, chat({ stream: true }));
  assertEquals(stream.headers.get("content-length"), null);
  assert((await stream.text()).endsWith("data: [DONE]\n\n"));
});

Deno.test("listen() sends the parts of any stream as they come", async (t) => {
  for (const path of ["/v1/chat/completions", "/api/chat"]) {
    await t.step(path, async () => {
      const { promise: read, resolve } = Promise.withResolvers<void>();
      const pace = (word: number) => word === 1 ? read : undefined;
      await using server = await serve({ engines: [toyEngine({ pace })] });
      const { body } = await fetch(server.url + path, {
        ...chat({ stream: true }),
        signal: AbortSignal.timeout(10_000),
      });
      const parts = body!.pipeThrough(new TextDecoderStream());
      let said = "";
      for await (const part of parts) {
        said += part;
        if (said.includes("The")) resolve(); // the rest waits for it
      }
      assertStringIncludes(said, "fox.");
    });
  }
});

Deno.test("listen() drops the rest of a body that it has refused", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const head = [
    "POST /v1/chat/completions HTTP/1.1",
    "Host: localhost",
    "Content-Type: application/json",
    "Content-Length: 9000000",
    "",
    "{",
  ].join("\r\n");
  assertStringIncludes(await send(server, head), "HTTP/1.1 413 ");
});

/** Connects, if the other side takes the connection in time. */
function connect(
  port: number,
  signal: AbortSignal,
): Promise<Deno.Conn | undefined> {
  return Deno.connect({ hostname: "127.0.0.1", port, signal })
    .catch(() => undefined);
}

Deno.test({
  name: "listen() goes on after more connections than there are descriptors",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const script = new URL("_listening.ts", import.meta.url).pathname;
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        `ulimit -n 160; exec "$0" run -A --no-check "$1"`,
        Deno.execPath(),
        script,
      ],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    const port = Number((await output.read()).value);
    child.kill("SIGSTOP"); // so that all that wait are accepted at once
    const idle: Deno.Conn[] = [];
    while (idle.length < 250) {
      const connection = await connect(port, AbortSignal.timeout(500));
      if (!connection) break; // no more may wait
      idle.push(connection);
    }
    child.kill("SIGCONT");
    const dropped = idle.at(-1)!.read(new Uint8Array(1)).catch(() => null);
    assertEquals(await deadline(dropped, 20_000), null, "one too many");
    for (const connection of idle) connection.close();
    const signal = AbortSignal.timeout(20_000);
    let said = "";
    while (said === "") { // dropped until it knows that the others have left
      signal.throwIfAborted();
      said = await fetch(`http://127.0.0.1:${port}/`, { signal })
        .then((response) => response.text(), () => "");
    }
    assertEquals(said, "ok");
    child.kill("SIGKILL");
    await child.status;
    await output.cancel();
  },
});

Deno.test("listen() says 405 for a method that no Request can have", async () => {
  await using server = await serve({ engines: [toyEngine()] });
  const head = "TRACE /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close";
  const answer = await send(server, `${head}\r\n\r\n`);
  assertStringIncludes(answer, "HTTP/1.1 405 ");
  assertStringIncludes(answer, "\r\nallow: GET\r\n");
});
