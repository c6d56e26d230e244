import { assertEquals, assertRejects } from "@std/assert";
import { modelFile } from "../../../models/download/download.ts";
import { resolveModel } from "../../../models/registry.ts";
import { Diary, FILE, serveFile, SHA256, temporaryFolder } from "./_hub.ts";

const TOKEN = "secret";

/** Files of a repository, as the hub lists them. */
const LISTED = [
  "README.md",
  "Tiny-Q8_0.gguf",
  "Tiny-Q4_K_M.gguf",
  "mmproj-Q4_K_M.gguf",
]
  .map((path) => ({
    type: "file",
    path,
    size: FILE.length,
    ...(path.endsWith(".gguf") && { lfs: { oid: SHA256, size: FILE.length } }),
  }));

/** Starts a hub with an open repository and one that wants an account. */
function startHub() {
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const isOpen = pathname.includes("open/Tiny-GGUF") ||
        request.headers.get("authorization") === `Bearer ${TOKEN}`;
      if (!isOpen) return new Response(null, { status: 401 });
      if (pathname.startsWith("/api/models/")) return Response.json(LISTED);
      return serveFile(request);
    },
  );
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("modelFile() finds a hub's file once, by quantization", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const open = (name: string) =>
    modelFile(resolveModel(name), {
      cacheDir: folder.path,
      progress: new Diary(),
      hub,
    });
  const path = await open("hf:open/Tiny-GGUF:q8_0");
  assertEquals(await Deno.readFile(path), FILE);
  assertEquals(hub.asked, [
    "/api/models/open/Tiny-GGUF/tree/main",
    "/open/Tiny-GGUF/resolve/main/Tiny-Q8_0.gguf",
  ]);
  assertEquals(await open("hf:open/Tiny-GGUF:Q8_0"), path);
  assertEquals(hub.asked.length, 2);
  await open("hf:open/Tiny-GGUF");
  assertEquals(
    hub.asked.at(-1),
    "/open/Tiny-GGUF/resolve/main/Tiny-Q4_K_M.gguf",
  );
});

Deno.test("modelFile() sends the token to the hub alone, and names what is missing", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const options = { cacheDir: folder.path, progress: new Diary() };
  const { endpoint } = hub;
  const gated = resolveModel("hf:gated/Tiny-GGUF");
  await assertRejects(
    () => modelFile(gated, { ...options, hub: { endpoint } }),
    Error,
    "the account of HF_TOKEN: received 401",
  );
  await modelFile(gated, { ...options, hub: { endpoint, token: TOKEN } });
  await assertRejects(
    () =>
      modelFile(resolveModel("hf:open/Tiny-GGUF:Q2_K"), { ...options, hub }),
    Error,
    "it must have a GGUF file of Q2_K: received Tiny-Q8_0.gguf, Tiny-Q4_K_M.gguf",
  );
});
