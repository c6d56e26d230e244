import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { MODEL } from "../server/_client.ts";
import { startServer } from "../server/_server.ts";

const ROOT = new URL("../../", import.meta.url);
const DOCKERFILE = Deno.readTextFileSync(new URL("Dockerfile", ROOT))
  .replaceAll("\\\n", "");

/** Reads the arguments of an instruction in its JSON form. */
function argumentsOf(instruction: string): string[] {
  const line = new RegExp(`^${instruction} .*?(\\[.*\\])$`, "m");
  return JSON.parse(line.exec(DOCKERFILE)![1]);
}

Deno.test("the image's permissions are enough, and no more than that", async () => {
  const data = await Deno.makeTempDir();
  const cache = Deno.env.get("CACHE_DIR") ||
    `${Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`}/bita`;
  const here: Record<string, string> = {
    "/app": fileURLToPath(ROOT),
    "/models": cache,
    "/data": data,
    "0.0.0.0:8000": "127.0.0.1:0",
  };
  const [program, run, ...args] = argumentsOf("ENTRYPOINT").map((arg) =>
    arg.replaceAll(/\/app|\/models|\/data|0\.0\.0\.0:8000/g, (it) => here[it])
  );
  assertEquals([program, run], ["deno", "run"]);
  assertEquals(
    args.filter((arg) => /^(-A|--allow-(all|run|net))$/.test(arg)),
    [],
  );

  await using server = await startServer(
    { CACHE_DIR: cache, KV_PATH: `${data}/kv.sqlite`, BACKEND: "cpu" },
    [run, ...args],
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
