import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { MODEL } from "../server/_client.ts";
import { command, startServer } from "../server/_server.ts";
import { findGpu } from "../runtime/_gpu.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCKERFILE = Deno.readTextFileSync(new URL("Dockerfile", ROOT))
  .replaceAll("\\\n", "");

/** Reads the arguments of an instruction in its JSON form. */
function argumentsOf(instruction: string): string[] {
  const line = new RegExp(`^${instruction} .*?(\\[.*\\])$`, "m");
  return JSON.parse(line.exec(DOCKERFILE)![1]);
}

/** Reads the arguments of the image's Deno, with this machine's places in them. */
async function entrypoint(
  { models, data }: { models: string; data: string },
): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout));
  const here: Record<string, string> = {
    "/app": fileURLToPath(ROOT),
    "/models": models,
    "/data": data,
    "/packages": denoDir,
    "0.0.0.0:8000": "127.0.0.1:0",
  };
  const places = /\/app|\/models|\/data|\/packages|0\.0\.0\.0:8000/g;
  const [program, ...args] = argumentsOf("ENTRYPOINT").map((arg) =>
    arg.replaceAll(places, (it) => here[it])
  );
  assertEquals([program, args[0]], ["deno", "run"]);
  return args;
}

/** Sends a prompt to keep, until its blocks are written. */
async function keepsPrompts(url: string): Promise<void> {
  const written = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^bita:prefix_written_total\S* (\d+)/m.exec(metrics)?.[1]);
  };
  const deadline = Date.now() + 20_000;
  while (!(await written() > 0)) {
    assert(Date.now() < deadline, "the KV is written");
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        model: MODEL,
        prompt: "One, two, three. ".repeat(20),
        max_tokens: 1,
        prompt_cache_retention: "24h",
      }),
    });
    await response.body?.cancel();
    await delay(500);
  }
}

Deno.test("the image's permissions are enough, and no more than that", async () => {
  const data = await Deno.makeTempDir();
  const cache = Deno.env.get("CACHE_DIR") ||
    `${Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`}/bita`;
  const args = await entrypoint({ models: cache, data });
  assertEquals(
    args.filter((arg) => /^(-A|--allow-(all|run|net))$/.test(arg)),
    [],
  );

  await using server = await startServer(
    { CACHE_DIR: cache, KV_PATH: `${data}/kv.sqlite`, BACKEND: "cpu" },
    { args },
  );
  const response = await fetch(`${server.url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      prompt: "The capital of France is",
      temperature: 0,
      max_tokens: 1,
    }),
  });
  assertEquals((await response.json()).choices[0].text, " Paris");
  await keepsPrompts(server.url);
  const page = await fetch(`${server.url}/`);
  assertStringIncludes(await page.text(), "<title>bita");

  const health = argumentsOf("HEALTHCHECK").slice(1).map((arg) =>
    arg.replace("http://127.0.0.1:8000", server.url)
  );
  const check = () =>
    new Deno.Command(Deno.execPath(), { args: health }).output();
  assertEquals((await check()).code, 0);
  // What the KV holds is worth nothing without the secret, so both must last.
  assertEquals(Deno.readFileSync(`${data}/secret`).length, 32);
  await server.stop("SIGTERM");
  assert((await check()).code !== 0);
  await Deno.remove(data, { recursive: true });
});

const adapter = await findGpu();

Deno.test({
  name: "the image's permissions are enough for GPUs",
  ignore: adapter === null,
  async fn() {
    const models = await Deno.makeTempDir();
    const data = await Deno.makeTempDir();
    const path = `${models}/tiny.gguf`;
    await writeTinyGguf(path, { seed: 1 });
    const env = { MODEL: path, CACHE_DIR: models, BACKEND: "webgpu" };
    await command(env, ["--prepare"]).output();
    await using server = await startServer(
      { ...env, KV_PATH: `${data}/kv.sqlite` },
      { args: await entrypoint({ models, data }) },
    );
    const health = await (await fetch(`${server.url}/health`)).json();
    assertEquals(health.models[0].backend, "webgpu");
    await Deno.remove(models, { recursive: true });
    await Deno.remove(data, { recursive: true });
  },
});
