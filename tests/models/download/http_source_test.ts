import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  fetchInto,
  type HttpPatience,
} from "../../../models/download/http_source.ts";
import {
  type Expectation,
  PartialFile,
} from "../../../models/download/partial_file.ts";
import {
  breakOff,
  Diary,
  FILE,
  type Hub,
  SHA256,
  startHub,
  temporaryFolder,
} from "./_hub.ts";

/** Options of {@linkcode fetchFile}. */
interface Fetch extends HttpPatience {
  expected?: Expectation;
  progress?: Diary;
}

/** Downloads the hub's file with short timeouts and returns its bytes. */
async function fetchFile(hub: Hub, options: Fetch = {}): Promise<Uint8Array> {
  const {
    expected = { sha256: SHA256, bytes: FILE.length },
    progress = new Diary(),
    ...patience
  } = options;
  using folder = temporaryFolder();
  const path = `${folder.path}/file`;
  using partial = await PartialFile.open(path, expected);
  await fetchInto(partial, hub.url, {
    connectTimeout: 500,
    stallTimeout: 500,
    retryDelay: 1,
    ...patience,
    progress,
  });
  await partial.finish();
  return await Deno.readFile(path);
}

Deno.test("fetchInto() resumes after an interruption", async () => {
  await using hub = startHub((_, count) => (
    count === 1 ? breakOff(100_000) : undefined
  ));
  const progress = new Diary();
  assertEquals(await fetchFile(hub, { progress }), FILE);
  assertEquals(hub.seen[1], { range: "bytes=100000-", ifRange: '"v1"' });
  assertEquals(progress.begun, [0, 100_000]);
  assertEquals(progress.done, FILE.length);
  assertMatch(progress.notes[0], /whole file must arrive.*retrying/);
});

Deno.test("fetchInto() restarts if the file has changed", async () => {
  const old = { etag: '"v0"' };
  await using hub = startHub((_, count) => (
    count === 1 ? breakOff(100_000, old) : undefined
  ));
  const progress = new Diary();
  assertEquals(await fetchFile(hub, { progress }), FILE);
  assertEquals(hub.seen[1].ifRange, '"v0"');
  assertEquals(progress.begun, [0, 0]);
});

Deno.test("fetchInto() restarts if a range is ignored or wrong", async () => {
  const answers = [
    () => new Response(FILE),
    () => new Response(null, { status: 416 }),
    () =>
      new Response(FILE.slice(5), {
        status: 206,
        headers: { "content-range": `bytes 5-299999/300000` },
      }),
  ];
  for (const answer of answers) {
    await using hub = startHub((_, count) => {
      if (count === 1) return breakOff(100_000);
      return count === 2 ? answer() : undefined;
    });
    assertEquals(await fetchFile(hub), FILE);
  }
});

Deno.test("fetchInto() requests the rest after an incomplete range", async () => {
  await using hub = startHub((_, count) => {
    if (count === 1) return breakOff(100_000);
    if (count > 2) return;
    return new Response(FILE.slice(100_000, 200_000), {
      status: 206,
      headers: { etag: '"v1"', "content-range": "bytes 100000-199999/300000" },
    });
  });
  assertEquals(await fetchFile(hub), FILE);
  assertEquals(hub.seen[2].range, "bytes=200000-");
});

Deno.test("fetchInto() resumes without a digest only by a strong ETag", async () => {
  for (const etag of ['"v1"', 'W/"v1"']) {
    await using hub = startHub((_, count) => (
      count === 1 ? breakOff(100_000, { etag }) : undefined
    ));
    assertEquals(await fetchFile(hub, { expected: {} }), FILE);
    const strong = etag.startsWith('"');
    assertEquals(hub.seen[1].range, strong ? "bytes=100000-" : null);
  }
});

Deno.test("fetchInto() resumes after a timeout", async () => {
  await using hub = startHub((_, count) => {
    if (count > 1) return;
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(FILE.slice(0, 1000));
        },
      }),
      { headers: { etag: '"v1"' } },
    );
  });
  assertEquals(await fetchFile(hub), FILE);
  assertEquals(hub.seen[1].range, "bytes=1000-");
});

Deno.test("fetchInto() waits for a slow hub that keeps sending", async () => {
  await using hub = startHub(() => {
    let end = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 60));
          controller.enqueue(FILE.slice(end, end += 100_000));
          if (end === FILE.length) controller.close();
        },
      }),
    );
  });
  await fetchFile(hub, { connectTimeout: 100 });
  assertEquals(hub.seen.length, 1);
});

Deno.test("fetchInto() throws after some attempts", async () => {
  await using hub = startHub(() => new Response("later", { status: 503 }));
  await assertRejects(
    () => fetchFile(hub),
    Error,
    "the file must exist: received 503",
  );
  assertEquals(hub.seen.length, 5);
});

Deno.test("fetchInto() does not retry a refused request", async () => {
  await using hub = startHub(() => new Response("gone", { status: 404 }));
  await assertRejects(
    () => fetchFile(hub),
    Error,
    "received 404",
  );
  assertEquals(hub.seen.length, 1);
});

Deno.test("fetchInto() never stores more bytes than the file has", async () => {
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
      }),
    );
  await using hub = startHub(endless);
  await assertRejects(
    () => fetchFile(hub),
    Error,
    "must have 300000 bytes: received more",
  );
});
