import { assertEquals } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { ModelClient } from "../../lib/worker/client.ts";
import { WEIGHTS } from "../../lib/runtime/choose_backend.ts";
import { watchedSignal } from "../_signal.ts";
import { CONFIG, realArtefact } from "../real_model.ts";

Deno.test("ModelClient lets go of a signal once a text has ended or was left", async () => {
  await using client = await ModelClient.open({
    artefact: await realArtefact(WEIGHTS.cpu),
    path: "",
    backend: "cpu",
    threads: CONFIG.threads,
    context: 64,
    prefix: {
      mode: "off",
      kv: "",
      memoryBytes: 0,
      storeBytes: 0,
      secret: new Uint8Array(32),
    },
    shared: [],
  });
  const { signal, listeners } = watchedSignal();
  const decode = () =>
    client.decode({
      prompt: Int32Array.of(1, 2, 3),
      sampling: GREEDY,
      maxTokens: 4,
      endTokens: new Set(),
      draft: "auto",
      trace: false,
      cache: { caller: "", salt: "" },
    }, { signal });
  const outputs = decode();
  assertEquals(listeners(), 1);
  const texts = await Array.fromAsync(outputs, ({ tokens }) => tokens);
  assertEquals(texts.flat().length, 4);
  assertEquals(listeners(), 0);
  await decode().cancel();
  assertEquals(listeners(), 0);
  await client.idle();
});
