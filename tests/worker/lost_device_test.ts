import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { ModelClient } from "../../lib/worker/client.ts";
import { Supervisor } from "../../lib/worker/supervisor.ts";
import { openArtefact } from "../../models/artefact.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { findGpu } from "../runtime/_gpu.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

const ignore = !await findGpu();

Deno.test({
  name: "a model whose GPU device is lost is opened again on another",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/tiny.gguf`;
    await writeTinyGguf(path, { seed: 1 });
    const artefact = await openArtefact(await openGguf(path), {
      cacheDir: folder,
      format: "int8",
      progress: { start() {}, advance() {}, stop() {}, note() {} },
    });
    const failed = Promise.withResolvers<string>();
    await using model = new Supervisor({
      id: "toy",
      open: () =>
        ModelClient.open({
          artefact,
          path: "",
          backend: "webgpu",
          threads: 1,
          context: 128,
          parallel: 1,
          prefix: {
            mode: "off",
            kv: "",
            memoryBytes: 0,
            storeBytes: 0,
            secret: new Uint8Array(32),
          },
          shared: [],
        }, { module: import.meta.resolve("./_lost_device_worker.ts") }),
      patienceMs: 60_000,
      onFailure: ({ message }) => failed.resolve(message),
      onGivenUp: ({ message }) => failed.resolve(message),
    });
    await model.start();
    const decode = (maxTokens: number) =>
      model.decode({
        prompt: Int32Array.of(1, 2, 3),
        sampling: GREEDY,
        maxTokens,
        endTokens: new Set(),
        draft: "none",
        trace: false,
        cache: { caller: "", salt: "" },
      }, { signal: new AbortController().signal });
    const tokens = async () =>
      (await Array.fromAsync(decode(4), ({ tokens }) => tokens)).flat();
    const before = await tokens();

    using channel = new Channel("destroy-device");
    await assertRejects(async () => {
      for await (const _ of decode(100)) channel.postMessage("now");
    });
    assertStringIncludes(await failed.promise, "The GPU device");
    assertEquals(model.state, "failed");
    assertEquals(await tokens(), before);
    assertEquals(model.restarts, 1);
    await Deno.remove(folder, { recursive: true });
  },
});

/** A channel that closes with its scope. */
class Channel extends BroadcastChannel implements Disposable {
  [Symbol.dispose]() {
    this.close();
  }
}
