import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { ended } from "./_bita.ts";

const DAMAGED = "damaged-0123456789abcdef.gguf";

/** Makes a cache with a damaged model and graphs of an old version. */
async function makeCache() {
  const path = Deno.makeTempDirSync();
  await Deno.mkdir(`${path}/models`);
  await Deno.writeTextFile(`${path}/models/${DAMAGED}`, "<!doctype html>");
  const old = `${path}/graphs/0123456789abcdef-int8-v1`;
  await Deno.mkdir(old, { recursive: true });
  await Deno.writeFile(`${old}/weights.bin`, new Uint8Array(1e6));
  return {
    env: { CACHE_DIR: path },
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}

const namesIn = (path: string) =>
  [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("pull converts a model, and models lists what was downloaded", async () => {
  using cache = await makeCache();
  const tiny = `${cache.path}/tiny.gguf`;
  await writeTinyGguf(tiny, { seed: 1 });
  const args = ["pull", tiny, "--backend", "cpu"];
  const { code, stdout } = await ended(args, cache.env);
  assertEquals(code, 0);
  const graphs = namesIn(`${cache.path}/graphs`);
  assertEquals(graphs.length, 3); // with a lock
  const folder = `${cache.path}/graphs/${graphs[1]}`;
  assertEquals(
    stdout,
    `tiny: ${tiny}, converted to w8a8 weights in ${folder}\n`,
  );
  assert(namesIn(folder).includes("index.json"));

  const { stdout: table } = await ended(["models"], cache.env);
  const [header, damaged, ...more] = table.trim().split("\n");
  assertMatch(header, /^NAME +ARCHITECTURE +FILE +GRAPHS +LICENSE$/);
  assertMatch(damaged, RegExp(`^${DAMAGED} +unreadable +0.0 MB .+ unknown$`));
  assertEquals(more, []);
});

Deno.test("models prune removes old graphs, with --yes where nobody can be asked", async () => {
  using cache = await makeCache();
  const refused = await ended(["models", "prune"], cache.env);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^Cannot remove anything: --yes is required/);
  assertEquals(namesIn(`${cache.path}/graphs`).length, 1);

  const { code, stdout } = await ended(["models", "prune", "--yes"], cache.env);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /int8-v1 \(of another version\) +1\.0 MB\n1\.0 MB removed\n$/,
  );
  assertEquals(namesIn(`${cache.path}/graphs`), []);
  assertEquals(namesIn(`${cache.path}/models`), [DAMAGED]);
});

Deno.test("models remove removes a model and what lies beside it", async () => {
  using cache = await makeCache();
  await Deno.writeTextFile(`${cache.path}/models/${DAMAGED}.lock`, "");
  const args = ["models", "remove", DAMAGED, "--yes"];
  const { code } = await ended(args, cache.env);
  assertEquals([code, namesIn(`${cache.path}/models`)], [0, []]);
});
