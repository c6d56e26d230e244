/**
 * A model that can't be opened, beside one that can.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { type RunningServer, runServer, startServer } from "../_server.ts";

/** Two models, of which only one has room at a time, and a server that opens neither. */
async function world() {
  const folder = await Deno.makeTempDir();
  const [good, broken] = ["good", "broken"].map((id) => `${folder}/${id}.gguf`);
  await writeTinyGguf(good, { seed: 1 });
  await writeTinyGguf(broken, { seed: 2 });
  const env = { CACHE_DIR: folder, BACKEND: "cpu", PREFIX_CACHE: "off" };
  return {
    folder,
    good,
    broken,
    env: { ...env, LOAD: "lazy", MODEL_MEMORY: "1" },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function complete({ url }: RunningServer, model: string) {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model, prompt: "The", max_tokens: 4 }),
  });
  const { status, headers } = response;
  return { status, headers, body: await response.json() };
}

/** Returns what the server says of the models, and of itself. */
async function look({ url }: RunningServer) {
  const [ready, health, metrics] = await Promise.all(
    ["ready", "health", "metrics"].map((path) => fetch(`${url}/${path}`)),
  );
  await ready.body?.cancel();
  const { models } = await health.json();
  const states = models.map(({ state }: { state: string }) => state);
  return { ready: ready.status, states, metrics: await metrics.text() };
}

Deno.test("a model that can't be opened fails alone, and is back once it can", async () => {
  await using here = await world();
  const { env, good, broken } = here;
  await runServer({ ...env, MODEL: broken }, "--prepare");
  const graphs = `${here.folder}/graphs`;
  const [{ name }] = [...Deno.readDirSync(graphs)]
    .filter(({ isDirectory }) => isDirectory);
  const graph = `${graphs}/${name}/body.onnx`;
  const content = await Deno.readFile(graph);
  await Deno.writeFile(graph, content.subarray(0, 1000));

  await using server = await startServer({
    ...env,
    MODEL: `${good},${broken}`,
  });
  assertEquals((await complete(server, "good")).status, 200);
  for (let request = 0; request < 2; request++) {
    const { status, headers, body: { error } } = await complete(
      server,
      "broken",
    );
    assertEquals([status, error.code], [503, "model_unavailable"]);
    assert(Number(headers.get("retry-after-ms")) > 0);
    assertStringIncludes(error.message, "broken has failed ");
    assertEquals(error.message.includes(here.folder), false);
    // It has the memory no longer, and fails no other.
    assertEquals((await complete(server, "good")).status, 200);
  }
  let seen = await look(server);
  while (seen.states[1] !== "failed") seen = await look(server); // is tried
  assertEquals(seen.ready, 503);
  assertStringIncludes(
    seen.metrics,
    'bita:model_state{model_name="broken",state="failed"} 1',
  );

  await Deno.writeFile(graph, content);
  while ((await complete(server, "broken")).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { ready, states } = await look(server);
  assertEquals([ready, states], [200, ["asleep", "ready"]]);
  assertEquals((await complete(server, "good")).status, 200);
});

Deno.test("the process ends once no model can be opened", async () => {
  await using here = await world();
  for (const path of [here.good, here.broken]) await Deno.truncate(path, 200);
  const MODEL = `${here.good},${here.broken}`;
  await using server = await startServer({ ...here.env, MODEL });
  const { status, body: { error } } = await complete(server, "good");
  assertEquals(status, 503);
  assertStringIncludes(error.message, "good has failed 3 times in a row");
  assertStringIncludes(error.message, ": Cannot read ");
  const ended = server.stop("SIGCONT"); // which does nothing
  await complete(server, "broken").catch(() => {});
  assertEquals(await ended, 1);
  assertStringIncludes(
    server.complaint(),
    "Cannot serve broken: it has failed too often in a row: Cannot read ",
  );
});
