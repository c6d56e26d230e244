import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { KvResponses } from "../../lib/responses/kv_responses.ts";
import { openResponses } from "../../lib/responses/open_responses.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import type { StoredResponse } from "../../lib/wire/responses/context.ts";
import { smallDisk, temporaryFolder } from "../prefix/_folder.ts";

const HOUR = 3_600_000;

/** Makes a response with a text; only its id and text matter here. */
function responseOf(text: string): StoredResponse {
  return {
    response: { id: "resp_1", status: "completed" },
    items: [{ type: "message", role: "user", text }],
  } as unknown as StoredResponse;
}

/** Stores of one folder, whose clock is set by hand. */
function opener(folder: string) {
  const clock = { ms: 1000 * HOUR };
  const failures: unknown[] = [];
  const full: boolean[] = [];
  function open(secret = 1): KvResponses & Disposable {
    const store = openResponses(
      Promise.resolve({
        mode: "kv",
        kv: `${folder}/kv.sqlite`,
        secret: new Uint8Array(32).fill(secret),
      }),
      {
        lifeMs: HOUR,
        onFailure: (error) => failures.push(error),
        onFull: (isFull) => full.push(isFull),
        now: () => clock.ms,
      },
    );
    return Object.assign(store, { [Symbol.dispose]: () => store.close() });
  }
  return { open, clock, failures, full };
}

const one = { caller: "one", id: "resp_1" };

Deno.test("KvResponses keeps a response beyond the process, for its caller", async () => {
  using folder = temporaryFolder();
  const { open } = opener(folder.path);
  {
    using store = open();
    assertEquals(await store.begin("one")("resp_1", responseOf("Hi")), true);
  }
  using store = open();
  assertEquals(await store.read(one), responseOf("Hi"));
  assertEquals(await store.read({ ...one, caller: "two" }), undefined);
  assertEquals(await store.read({ ...one, id: "resp_2" }), undefined);
  using stranger = open(2);
  assertEquals(await stranger.read(one), undefined);
});

Deno.test("KvResponses writes no word of a response as it is", async () => {
  using folder = temporaryFolder();
  const { open } = opener(folder.path);
  {
    using store = open();
    await store.begin("one")("resp_1", responseOf("swordfish".repeat(100)));
  }
  const files = [...Deno.readDirSync(folder.path)];
  assertEquals(files.some(({ name }) => name === "responses.sqlite"), true);
  for (const { name } of files) {
    const bytes = Deno.readFileSync(`${folder.path}/${name}`);
    const text = new TextDecoder("latin1").decode(bytes);
    assertEquals(text.includes("swordfish"), false, name);
  }
});

Deno.test("KvResponses removes a response once", async () => {
  using folder = temporaryFolder();
  using store = opener(folder.path).open();
  await store.begin("one")("resp_1", responseOf("Hi"));
  assertEquals(await store.remove({ ...one, caller: "two" }), false);
  assertEquals(await store.remove(one), true);
  assertEquals(await store.remove(one), false);
  assertEquals(await store.read(one), undefined);
});

Deno.test("KvResponses forgets a response after its time", async () => {
  using folder = temporaryFolder();
  const { open, clock } = opener(folder.path);
  using store = open();
  await store.begin("one")("resp_1", responseOf("Hi"));
  clock.ms += HOUR - 1;
  assertEquals(await store.read(one), responseOf("Hi"));
  clock.ms += 1;
  assertEquals(await store.read(one), undefined);
});

Deno.test("KvResponses does not keep a response that is too large", async () => {
  using folder = temporaryFolder();
  using store = opener(folder.path).open();
  const noise = new Uint8Array(1 << 20);
  for (let at = 0; at < noise.length; at += 65_536) {
    crypto.getRandomValues(noise.subarray(at, at + 65_536));
  }
  const keep = store.begin("one");
  assertEquals(await keep("resp_1", responseOf(noise.toBase64())), false);
  assertEquals(await store.read(one), undefined);
  // But a long text packs well.
  assertEquals(await keep("resp_1", responseOf("a".repeat(1 << 21))), true);
});

Deno.test("KvResponses says once that the disk is almost full, and once that it has room", async () => {
  using disk = smallDisk(96);
  if (!disk.mounted) return;
  const { open, full } = opener(disk.path);
  using store = open();
  const keep = (id: string) => store.begin("one")(id, responseOf("Hi"));
  assertEquals([await keep("resp_1"), full], [true, []]);
  Deno.writeFileSync(`${disk.path}/large`, new Uint8Array(48 << 20));
  const kept = [await keep("resp_2"), await keep("resp_3")];
  assertEquals([kept, full], [[false, false], [true]]);
  Deno.removeSync(`${disk.path}/large`);
  const again = [await keep("resp_4"), await keep("resp_5")];
  assertEquals([again, full], [[true, true], [true, false]]);
});

Deno.test("KvResponses erases the responses of a caller, begun ones too", async () => {
  using folder = temporaryFolder();
  using store = opener(folder.path).open();
  for (const caller of ["one", "two"]) {
    await store.begin(caller)("resp_1", responseOf(caller));
  }
  const begun = store.begin("one");
  const others = store.begin("two");
  assertEquals(await store.erase("one"), { blocks: 1 });
  assertEquals(await store.read(one), undefined);
  assertEquals(await begun("resp_2", responseOf("late")), false);
  assertEquals(await store.begin("one")("resp_3", responseOf("new")), true);
  assertEquals(
    await store.read({ caller: "two", id: "resp_1" }),
    responseOf("two"),
  );
  assertEquals(await store.erase(), { blocks: 2 });
  assertEquals(await others("resp_2", responseOf("late")), false);
  assertEquals(await store.read({ caller: "two", id: "resp_1" }), undefined);
});

Deno.test("KvResponses leaves the blocks of prompts in the same KV alone", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/kv`;
  const blocks = await openKvStore(path);
  const responses = await openKvStore(path, ["responses"]);
  const place = { model: "m", space: "s", hash: "h" };
  const entry = { bytes: 1, depth: 0, created: 1, used: 1 };
  await blocks.write(place, new Uint8Array(1), entry);
  await responses.erase("callers");
  assertEquals((await blocks.list()).map(({ erased }) => erased), [false]);
  assertEquals(await responses.list(), []);
  blocks.close();
  responses.close();
});

Deno.test("KvResponses without a store that works keeps nothing and says so", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const { open, failures } = opener(`${folder.path}/file/nothing`);
  using store = open();
  const keep = store.begin("one");
  assertEquals(await keep("resp_1", responseOf("Hi")), false);
  assertEquals(await keep("resp_2", responseOf("Hi")), false);
  assertEquals(failures.length, 1);
  const error = await assertRejects(() => store.read(one), ApiError);
  assertEquals(error.status, 503);
});
