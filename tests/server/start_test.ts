import { assert, assertEquals, assertMatch } from "@std/assert";
import { SETTINGS } from "../../lib/config/settings.ts";
import { realGguf } from "../real_model.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { client, MODEL } from "./_client.ts";
import { command, runServer, startServer } from "./_server.ts";

/** Milliseconds that a start may take until its model is open, once it is converted. */
const READY_MS = 5_000;

/** Makes a folder for one test. */
function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

Deno.test("a wrong setting ends the start with one line", async () => {
  using folder = temporaryFolder();
  const cases: [Record<string, string>, RegExp][] = [
    [{ PORT: "abc" }, /^Cannot start: PORT must be .+: received "abc"\n$/],
    [
      { MODEL: `${MODEL},${folder.path}/${MODEL}.gguf` },
      /^Cannot start: MODEL must name models of different ids: received \S+ twice\n$/,
    ],
    [{ MODEL: "gpt-5" }, /^Cannot find the model: .+: received "gpt-5"\n$/],
    [
      { MODEL: `${folder.path}/none.gguf` },
      /^Cannot open the model: .+: received ".+none\.gguf"\n$/,
    ],
  ];
  for (const [env, complaint] of cases) {
    const { code, stdout, stderr } = await runServer(env);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, complaint);
  }
});

Deno.test("a setting that the model refuses ends the server that listens already", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const another = `${folder.path}/another.gguf`;
  await Deno.writeTextFile(another, ""); // is not reached
  const MODEL = `${path},${another}`;
  const env = { MODEL, CACHE_DIR: folder.path, KV_MEMORY: "1" };
  const { code, stdout, stderr } = await runServer(env);
  assertEquals(code, 1);
  assertMatch(stdout, /^Listening on /);
  assertMatch(
    stderr,
    /^tiny: Cannot start: KV_MEMORY must be at least \d+MiB for each model: received 0MiB\n$/m,
  );
});

Deno.test("an unknown argument ends the start with one line", async () => {
  const { code, stdout, stderr } = await runServer({}, "--port=9000");
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^Cannot start: arguments must be .+"--port=9000"\n$/);
});

Deno.test("--help lists the settings", async () => {
  const { code, stdout, stderr } = await runServer({}, "--help");
  assertEquals([code, stderr], [0, ""]);
  for (const name of Object.keys(SETTINGS)) {
    assertMatch(stdout, new RegExp(`^  ${name} `, "m"));
  }
});

Deno.test("--prepare converts the model and leaves", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const env = { MODEL: path, CACHE_DIR: folder.path, BACKEND: "cpu" };
  const { code, stdout } = await runServer(env, "--prepare");
  assertEquals([code, stdout], [0, ""]);
  const [graphs, ...more] = foldersIn(`${folder.path}/graphs`);
  assertMatch(graphs, /-w8a8-v\d+$/);
  assertEquals(more, []);
});

Deno.test("a model by its path is served, and the command shown works", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const env = { MODEL: path, CACHE_DIR: folder.path };
  await using server = await startServer(env);
  const { stdout, code } = await new Deno.Command("bash", {
    args: ["-c", server.curl],
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  const events = new TextDecoder().decode(stdout).trim().split("\n\n");
  assertEquals(events.at(-1), "data: [DONE]");
  assert(events.length > 2);

  const port = new URL(server.url).port;
  const second = await runServer({ ...env, PORT: port });
  assertEquals(second.code, 1);
  assertMatch(
    second.stderr,
    new RegExp(`^Cannot listen: .+ already in use 127\\.0\\.0\\.1:${port}\n$`),
  );
});

Deno.test("a second start is ready in seconds", async () => {
  await using first = await startServer();
  let { startMs } = first;
  for (let start = 2; startMs > READY_MS && start <= 4; start++) {
    await using again = await startServer();
    startMs = Math.min(startMs, again.startMs);
  }
  console.log(`ready in ${Math.round(startMs)} ms`);
  assert(startMs < READY_MS);
});

Deno.test("a start killed while it converts leaves nothing that the next trusts", async () => {
  using folder = temporaryFolder();
  const env = { MODEL: (await realGguf()).path, CACHE_DIR: folder.path };
  const graphs = `${folder.path}/graphs`;

  const killed = command(env).spawn();
  let alive = true;
  killed.status.then(() => alive = false);
  while (!await hasWeights(graphs)) {
    assert(alive, "the start must convert the model");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  killed.kill("SIGKILL");
  await killed.output();
  const [partial, ...more] = foldersIn(graphs);
  assertMatch(partial, /\.partial$/);
  assertEquals(more, []);

  await using server = await startServer(env);
  assertEquals(foldersIn(graphs), [partial.replace(".partial", "")]);
  const [{ id }] = (await client(server).models.list()).data;
  assert(id.startsWith(MODEL));
  const { choices } = await client(server).completions.create({
    model: id,
    prompt: "The capital of France is",
    max_tokens: 1,
    temperature: 0,
  });
  assertEquals(choices[0].text, " Paris");
});

/** Returns whether a conversion has begun to write weights. */
async function hasWeights(graphs: string): Promise<boolean> {
  try {
    const [partial] = foldersIn(graphs);
    return (await Deno.stat(`${graphs}/${partial}/weights.bin`)).size > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function foldersIn(path: string): string[] {
  const entries = [...Deno.readDirSync(path)];
  return entries.filter((entry) => entry.isDirectory).map(({ name }) => name);
}
