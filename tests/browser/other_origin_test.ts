import { assertEquals, assertStringIncludes } from "@std/assert";
import { MODEL } from "../server/_client.ts";
import { startServer } from "../server/_server.ts";
import { hasBrowser, openBrowser, openPage } from "./_browser.ts";

const ignore = !hasBrowser();

/** The client's own files, as npm ships them. */
const OPENAI = new URL(".", import.meta.resolve("openai"));

const REQUEST = {
  model: MODEL,
  temperature: 0,
  max_tokens: 24,
  messages: [{
    role: "user",
    content: "What is the capital of France? Answer in one sentence.",
  }],
};

/** A page that asks once with `fetch` and once with the client, streaming. */
function pageFor(url: string): string {
  return `<!doctype html>
<script type="importmap">{ "imports": { "openai": "/openai/index.mjs" } }</script>
<script type="module">
  import OpenAI from "openai";

  const request = ${JSON.stringify(REQUEST)};
  const response = await fetch("${url}/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const fetched = (await response.json()).choices[0].message.content;

  const client = new OpenAI({
    baseURL: "${url}/v1",
    apiKey: "none",
    dangerouslyAllowBrowser: true,
  });
  const stream = await client.chat.completions.create({ ...request, stream: true });
  let streamed = "";
  for await (const chunk of stream) {
    streamed += chunk.choices[0]?.delta.content ?? "";
  }
  const requestId = response.headers.get("x-request-id");
  globalThis.answers = { fetched, streamed, requestId };
</script>`;
}

Deno.test({
  name: "a page of another port asks with fetch and with OpenAI's client",
  ignore,
  async fn() {
    await using server = await startServer();
    const page = pageFor(server.url);
    await using other = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/favicon.ico") return new Response(null);
        if (!pathname.startsWith("/openai/")) {
          return new Response(page, {
            headers: { "content-type": "text/html" },
          });
        }
        const file = new URL(pathname.slice("/openai/".length), OPENAI);
        return new Response(await Deno.readFile(file), {
          headers: { "content-type": "text/javascript" },
        });
      },
    );
    const browser = await openBrowser();
    try {
      const url = `http://127.0.0.1:${other.addr.port}/`;
      await using opened = await openPage(browser, url);
      const handle = await opened.page.waitForFunction("globalThis.answers");
      const { fetched, streamed, requestId } = await handle
        .jsonValue() as Record<
          string,
          string
        >;
      assertStringIncludes(fetched, "Paris");
      assertEquals(streamed, fetched);
      assertEquals(requestId.length, 36);
      assertEquals(opened.errors, []);
    } finally {
      await browser.close();
    }
  },
});
