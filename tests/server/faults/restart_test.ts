import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { command, type RunningServer, startServer } from "../_server.ts";

/** Milliseconds within which a model that was lost must answer again. */
const BACK_MS = 15_000;

/** Starts a server of a tiny model, with a module that runs before it. */
async function world() {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const env = { MODEL: path, CACHE_DIR: folder, BACKEND: "cpu" };
  return {
    env,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function startDying(env: Record<string, string>): Promise<RunningServer> {
  return startServer(env, { preload: "_dying_preload.ts" });
}

async function complete(
  { url }: RunningServer,
  fields: object,
): Promise<Response> {
  return await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: "tiny",
      prompt: "The",
      temperature: 0,
      max_tokens: 4,
      ...fields,
    }),
  });
}

/** Asks until the model is in a state, and returns what was answered before. */
async function untilState(
  { url }: RunningServer,
  wanted: string,
): Promise<number[]> {
  const statuses: number[] = [];
  for (;;) {
    const [ready, health] = await Promise.all([
      fetch(`${url}/ready`),
      fetch(`${url}/health`),
    ]);
    await ready.body?.cancel();
    const { models: [{ state }] } = await health.json();
    if (state === wanted) return statuses;
    statuses.push(ready.status);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("a model whose worker dies fails what runs, and is back in seconds", async () => {
  await using here = await world();
  await using server = await startDying(here.env);
  const before = await (await complete(server, {})).json();

  const long = { max_tokens: 200, ...{ draft: "none" } };
  const whole = complete(server, long);
  const stream = await complete(server, { ...long, stream: true });
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value!;
  server.signal("SIGUSR2");
  await untilState(server, "failed");
  const asked = performance.now();
  const [again, statuses] = await Promise.all([
    complete(server, {}),
    untilState(server, "ready"),
  ]);
  assertEquals(again.status, 200);
  assertEquals((await again.json()).choices, before.choices);
  assert(performance.now() - asked < BACK_MS);
  assert(statuses.length > 0);
  assertEquals(new Set(statuses), new Set([503]));

  const answer = await whole;
  assertEquals(answer.status, 500);
  const { error } = await answer.json();
  assertEquals(error.code, "model_failed");
  assertStringIncludes(error.message, "it has failed");
  for (let next = await reader.read(); !next.done;) {
    text += next.value;
    next = await reader.read();
  }
  assertStringIncludes(text.trim().split("\n\n").at(-1)!, '"model_failed"');
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assertStringIncludes(
    metrics,
    'bita:model_restarts_total{model_name="tiny"} 1',
  );
});

Deno.test("a model that dies three times in a row ends the process", async () => {
  await using here = await world();
  await using server = await startDying(here.env);
  for (let death = 1; death <= 2; death++) {
    server.signal("SIGUSR2");
    await untilState(server, "failed");
    await untilState(server, "ready");
  }
  assertEquals(await server.stop("SIGUSR2"), 1);
  assertStringIncludes(
    server.complaint(),
    "Cannot serve tiny: it has failed too often in a row: injected\n",
  );
});

Deno.test("a signal ends the server while it opens a model", async () => {
  await using here = await world();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const child = command(here.env, [], { preload: "_stuck_preload.ts" })
      .spawn();
    for await (const chunk of child.stdout.values({ preventCancel: true })) {
      if (new TextDecoder().decode(chunk).includes("opening")) break;
    }
    child.kill(signal);
    await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
    assertEquals((await child.status).code, 0);
  }
});

Deno.test("SIGTERM to deno task ends the server", async () => {
  await using here = await world();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "start"],
    env: { ...here.env, PORT: "0", LOAD: "lazy", PREFIX_CACHE: "off" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("Listening")) {
    const { value, done } = await output.read();
    assert(!done, `it ended before it listened: ${text}`);
    text += value;
  }
  child.kill("SIGTERM");
  // The server has the pipe, too, so it has ended when the pipe has.
  while (!(await output.read()).done);
  await child.status;
});
