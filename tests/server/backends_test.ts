import { assert, assertEquals } from "@std/assert";
import { findGpu } from "../runtime/_gpu.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { client } from "./_client.ts";
import { startServer } from "./_server.ts";

const adapter = await findGpu();

for (const backend of ["wasm", "webgpu"]) {
  Deno.test({
    name: `the whole server runs on ${backend}`,
    ignore: backend === "webgpu" && adapter === null,
    async fn() {
      const folder = await Deno.makeTempDir();
      const path = `${folder}/tiny.gguf`;
      await writeTinyGguf(path, { seed: 1 });
      await using server = await startServer({
        MODEL: path,
        CACHE_DIR: folder,
        BACKEND: backend,
      });
      const ask = () =>
        client(server).completions.create({
          model: "tiny",
          prompt: "Hello there, all of you who read this",
          max_tokens: 8,
          temperature: 0,
        });
      const [first, second] = [await ask(), await ask()];
      assert(first.usage!.completion_tokens > 0);
      assertEquals(second.choices[0].text, first.choices[0].text);
      assertEquals(first.usage!.prompt_tokens_details?.cached_tokens ?? 0, 0);
      assert(second.usage!.prompt_tokens_details!.cached_tokens! > 0);
      const health = await (await fetch(`${server.url}/health`)).json();
      assertEquals(health.models[0].backend, backend);
      await Deno.remove(folder, { recursive: true });
    },
  });
}
