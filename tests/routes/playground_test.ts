import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { toyEngine } from "../toy/engine.ts";

const app = createApp({
  engines: [toyEngine()],
  apiKeys: ["key"],
  logFailure() {},
});

/** Returns a file of the page as text. */
async function file(path: string): Promise<string> {
  const response = await app.request(path);
  assertEquals(response.status, 200, path);
  return response.text();
}

Deno.test("playground() serves the page to all, and lets it load its own alone", async () => {
  const response = await app.request("/");
  const { headers } = response;
  assertStringIncludes(headers.get("Content-Type")!, "text/html");
  const policy = headers.get("Content-Security-Policy")!;
  assertStringIncludes(policy, "default-src 'self'");
  assertEquals(policy.includes("unsafe"), false);
  assertEquals(headers.get("Strict-Transport-Security"), null);
  assertStringIncludes(await response.text(), "<title>bita");
});

Deno.test("playground() serves all that its files name", async () => {
  const page = await file("/");
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)]
    .map(([, path]) => `/${path}`);
  assert(named.length >= 3);
  for (let path = named.pop(); path; path = named.pop()) {
    const imports = (await file(path)).matchAll(/from "\.\/([^"]+)"/g);
    named.push(...Array.from(imports, ([, name]) => `/playground/${name}`));
  }
  for (const [, name] of page.matchAll(/data-file="([^"]+)"/g)) {
    assert(await file(`/playground/snippets/${name}`));
  }
});

Deno.test("playground() names no other origin", async () => {
  const folder = new URL("../../routes/playground/", import.meta.url);
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    if (!isFile) continue;
    const foreign = (await file(`/playground/${name}`))
      .match(/https?:\/\/(?!127\.0\.0\.1:8000|www\.w3\.org\/2000\/svg)\S+/g);
    assertEquals(foreign, null, name);
  }
});

Deno.test("playground() serves nothing else", async () => {
  for (
    const path of [
      "/playground/none.js",
      "/playground/../app.ts",
      "/playground/..%2fapp.ts",
      "/playground/%2e%2e/app.ts",
      "/playground/..%5capp.ts",
      "/index.html",
    ]
  ) {
    const response = await app.request(path);
    await response.body?.cancel();
    assert([400, 404].includes(response.status), `${path} ${response.status}`);
  }
});
