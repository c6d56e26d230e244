/**
 * What hubs and proxies send instead of a model, for a model without a known digest.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { modelFile } from "../../../models/download/download.ts";
import { Diary, FILE, modelAt, startHub, temporaryFolder } from "./_hub.ts";

const WRONG = {
  "a web page": "<!doctype html><title>Sign in</title>",
  "a Git LFS pointer":
    "version https://git-lfs.github.com/spec/v1\noid sha256:",
  "another format": "PK",
};

Deno.test("modelFile() keeps nothing that is no GGUF file, and asks again", async () => {
  for (const [received, body] of Object.entries(WRONG)) {
    using folder = temporaryFolder();
    await using hub = startHub((_, count) =>
      count === 1 ? new Response(body) : undefined
    );
    const { sha256: _, bytes: __, ...model } = modelAt(hub.url);
    const options = { cacheDir: folder.path, progress: new Diary() };
    await assertRejects(
      () => modelFile(model, options),
      AggregateError,
      `it must be a GGUF file: received ${received}`,
    );
    assertEquals(folder.names(), ["tiny.gguf.lock"]);
    assertEquals(await Deno.readFile(await modelFile(model, options)), FILE);
  }
});
