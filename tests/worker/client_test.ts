import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GREEDY } from "../../lib/bita/choose/sampling.ts";
import { type ClientOptions, ModelClient } from "../../lib/worker/client.ts";
import type { OpenMessage } from "../../lib/worker/messages.ts";
import { watchedSignal } from "../_signal.ts";
import { tinyArtefact } from "../runtime/_tiny.ts";

const ARTEFACT = await tinyArtefact("int8");

/** Opens a tiny model in the real worker. */
function open(
  changes: Partial<OpenMessage> = {},
  options?: ClientOptions,
): Promise<ModelClient> {
  return ModelClient.open({
    artefact: ARTEFACT,
    path: "",
    backend: "cpu",
    threads: 1,
    context: 64,
    parallel: 16,
    prefix: {
      mode: "off",
      kv: "",
      memoryBytes: 0,
      storeBytes: 0,
      secret: new Uint8Array(32),
    },
    shared: [],
    ...changes,
  }, options);
}

function decode(client: ModelClient, signal: AbortSignal) {
  return client.decode({
    prompt: Int32Array.of(1, 2, 3),
    sampling: GREEDY,
    maxTokens: 4,
    endTokens: new Set(),
    draft: "auto",
    trace: false,
    cache: { caller: "", salt: "" },
  }, { signal });
}

Deno.test("ModelClient lets go of a signal once a text has ended or was left", async () => {
  await using client = await open();
  const { signal, listeners } = watchedSignal();
  const outputs = decode(client, signal);
  assertEquals(listeners(), 1);
  const texts = await Array.fromAsync(outputs, ({ tokens }) => tokens);
  assertEquals(texts.flat().length, 4);
  assertEquals(listeners(), 0);
  await decode(client, signal).cancel();
  assertEquals(listeners(), 0);
  await client.idle();
});

Deno.test("ModelClient.opened follows what shares a pass", async () => {
  await using client = await open();
  const seen = new Set([client.opened.sequencesPerPass]);
  while (client.opened.sequencesPerPass < 16) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.add(client.opened.sequencesPerPass);
  }
  assertEquals([...seen][0], 1);
  assertEquals(client.opened.exact, "bitwise");
});

Deno.test("ModelClient.close() frees the memory once, if it is called twice", async () => {
  const closes = new Int32Array(new SharedArrayBuffer(4));
  const message = { context: 64, closes } as unknown as OpenMessage;
  const module = import.meta.resolve("./_toy_worker.ts");
  const client = await ModelClient.open(message, { module });
  await Promise.all([client.close(), client.close()]);
  assertEquals(closes[0], 1);
});

Deno.test("ModelClient.open() frees what it has opened when it fails", async () => {
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) {
    // The first graph is missing, while the others are being opened.
    const folder = await Deno.makeTempDir();
    for await (const { name } of Deno.readDir(ARTEFACT.folder)) {
      if (name === "body.onnx") continue;
      await Deno.symlink(`${ARTEFACT.folder}/${name}`, `${folder}/${name}`);
    }
    const artefact = { ...ARTEFACT, folder };
    await assertRejects(() => open({ artefact }), Error, "body.onnx");
    await Deno.remove(folder, { recursive: true });
  }
  await using client = await open();
  await Array.fromAsync(decode(client, signal));
});

Deno.test("ModelClient.open() ends in time, whatever native code runs then", async () => {
  for (const openMs of [0, 100, 300]) {
    const opened = await open({}, { openMs }).catch((error) => {
      assertStringIncludes(error.message, "Cannot open the model: it must");
    });
    // If that was fast, larger passes are being opened now.
    await opened?.[Symbol.asyncDispose]();
  }
});

Deno.test("ModelClient.close() fails what runs, at any moment", async () => {
  const { signal } = new AbortController();
  for (let round = 0; round < 3; round++) {
    const client = await open();
    const reader = decode(client, signal).getReader();
    if (round > 0) await reader.read();
    const closed = client.close();
    await assertRejects(
      async () => {
        while (!(await reader.read()).done);
        throw new Error("Cannot finish the reply: it must fail");
      },
      Error,
      "Cannot finish the reply",
    );
    await closed;
    await assertRejects(() => decode(client, signal).getReader().read());
  }
});
