import { assert, assertEquals, assertMatch } from "@std/assert";
import { openArtefact } from "../../models/artefact.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import { fetchGraphs, writeIndex } from "../../models/graph_store.ts";
import { writeTinyGguf } from "../toy/tiny_gguf.ts";
import { type Answer, Diary, serveFile } from "./download/_hub.ts";

const QUICK = { connectTimeout: 500, stallTimeout: 500, retryDelay: 1 };

/** What the tiny model's weights are converted to. */
const WEIGHTS = await convertedWeights();

async function convertedWeights(): Promise<Uint8Array<ArrayBuffer>> {
  await using store = await startStore();
  return Deno.readFileSync(`${store.made}/weights.bin`);
}

const namesIn = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** A tiny model whose graphs lie in a store, and an empty cache. */
async function startStore(answer: Answer = () => undefined) {
  const root = await Deno.makeTempDir();
  const path = `${root}/tiny.gguf`;
  await writeTinyGguf(path, { seed: 1 });
  const open = async (cache: string, graphsUrl?: string) => {
    const progress = new Diary();
    const { folder } = await openArtefact(await openGguf(path), {
      cacheDir: `${root}/${cache}`,
      format: "int8",
      progress,
      graphsUrl,
    });
    return { folder, progress };
  };
  const { folder: made } = await open("one");
  await writeIndex(made);
  const asked: string[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const range = request.headers.get("range") ?? "";
      asked.push(`${pathname.split("/").at(-1)} ${range}`.trim());
      const given = answer(request, asked.length);
      if (given) return given;
      return await Deno.readFile(`${root}/one${pathname}`).then(
        (file) => serveFile(request, file),
        () => new Response(null, { status: 404 }),
      );
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/graphs`;
  const name = made.split("/").at(-1)!;
  return {
    asked,
    made,
    open,
    url,
    name,
    /** Fetches the graphs into another cache. */
    async fetch() {
      const progress = new Diary();
      await Deno.mkdir(`${root}/two/graphs`, { recursive: true });
      const folder = `${root}/two/graphs/${name}`;
      const options = { folder, progress, ...QUICK };
      const isThere = await fetchGraphs(`${url}/${name}`, options);
      return { isThere, folder, progress };
    },
    cached: () => namesIn(`${root}/two/graphs`),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Begins to send the weights, as `begin`, and then has them no more, until `heal`. */
function brokenWeights(begin: Uint8Array<ArrayBuffer>) {
  let asked = 0, isHealed = false;
  const answer: Answer = ({ url }) => {
    if (isHealed || !url.endsWith("weights.bin")) return;
    if (asked++ > 0) return new Response(null, { status: 404 });
    const length = { "content-length": String(WEIGHTS.length) };
    return new Response(new Blob([begin]).stream(), { headers: length });
  };
  return { answer, heal: () => isHealed = true };
}

Deno.test("openArtefact() fetches graphs rather than convert the file", async () => {
  await using store = await startStore();
  const { folder, progress } = await store.open("two", store.url);
  assertEquals(namesIn(folder), namesIn(store.made));
  for (const name of namesIn(folder)) {
    const [a, b] = [folder, store.made].map((f) =>
      Deno.readFileSync(`${f}/${name}`)
    );
    assertEquals(a, b, name);
  }
  assertEquals(progress.notes, []);
  assert(progress.labels.every((label) => label.startsWith("Downloading")));
  assertEquals(store.asked.length, namesIn(folder).length);

  await store.open("two", store.url); // now it is in the cache
  assertEquals(store.asked.length, namesIn(folder).length);
});

Deno.test("openArtefact() converts the file if the store is down, or has no graphs of it", async () => {
  await using store = await startStore();
  const away = "http://127.0.0.1:1/graphs";
  const down = await store.open("two", away);
  const missing = await store.open("three", `${store.url}/other`);
  assertEquals(namesIn(down.folder).length, namesIn(store.made).length - 1);
  const reasons = [
    /^The graphs are not fetched but made here: Cannot fetch graphs from 127\.0\.0\.1:1: the server must respond/,
    /index\.json must exist: received 404$/,
  ];
  for (const [i, { progress }] of [down, missing].entries()) {
    assertEquals(progress.labels, ["Converting to int8"]);
    assertEquals(progress.notes.length, 1);
    assertMatch(progress.notes[0], reasons[i]);
  }
});

for (
  const { what, begin, asked } of [
    { what: "goes on where", begin: WEIGHTS.slice(0, 1000), asked: [] },
    {
      what: "does not trust what",
      begin: new Uint8Array(1000),
      asked: ["weights.bin"],
    },
  ]
) {
  Deno.test(`fetchGraphs() ${what} an earlier process has stopped`, async () => {
    const { answer, heal } = brokenWeights(begin);
    await using store = await startStore(answer);
    const first = await store.fetch();
    assertEquals(first.isThere, false);
    assertEquals(store.cached(), [`${store.name}.fetched.partial`]);
    const count = store.asked.length;
    heal();
    const { isThere, folder } = await store.fetch();
    assertEquals([isThere, store.cached()], [true, [store.name]]);
    assertEquals(
      store.asked.slice(count),
      ["index.json", "weights.bin bytes=1000-", ...asked, "weights.json"],
    );
    assertEquals(Deno.readFileSync(`${folder}/weights.bin`), WEIGHTS);
  });
}

Deno.test("fetchGraphs() uses nothing of graphs that are damaged", async () => {
  await using store = await startStore();
  const path = `${store.made}/head.onnx`;
  const bytes = Deno.readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  Deno.writeFileSync(path, bytes);
  const { isThere, progress } = await store.fetch();
  assertEquals([isThere, progress.notes.length], [false, 1]);
  assertMatch(progress.notes[0], /must have \d+ bytes and SHA-256/);
  assertEquals(store.cached(), [`${store.name}.fetched.partial`]);
});

Deno.test("fetchGraphs() refuses an index that names other files, or too few", async () => {
  await using store = await startStore();
  const path = `${store.made}/index.json`;
  const files = JSON.parse(Deno.readTextFileSync(path));
  const evil = { ...files[0], name: "../../evil.onnx" };
  for (
    const [index, reason] of [
      ["<html>", /index\.json must list files: received no JSON$/],
      [JSON.stringify([...files, evil]), /must list files: received Invalid/],
      [JSON.stringify(files.slice(1, -1)), /weights\.json are required$/],
    ] as const
  ) {
    Deno.writeTextFileSync(path, index);
    const { isThere, progress } = await store.fetch();
    assertEquals(isThere, false);
    assertMatch(progress.notes[0], reason);
    assertEquals(store.cached(), []);
  }
});
