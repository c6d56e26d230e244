import { assert, assertEquals, assertRejects } from "@std/assert";
import { openKvStore } from "../../../lib/prefix/store/kv_store.ts";
import { preflight } from "../../../lib/prefix/store/preflight.ts";
import { temporaryFolder } from "../_folder.ts";
import { placeOf, randomBytes } from "../_records.ts";

const ENTRY = { bytes: 3, depth: 0, created: 5, used: 5 };
const now = () => 12;

/** Fills a database of some megabytes. */
async function fill(path: string): Promise<void> {
  const store = await openKvStore(path);
  for (let i = 0; i < 30; i++) {
    await store.write(placeOf(i), randomBytes(100_000, i), ENTRY);
  }
  store.close();
}

Deno.test("preflight() creates the folder, and accepts that there is no file", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/a/b/kv.sqlite`;
  assertEquals(await preflight(path, { now }), undefined);
  assert(Deno.statSync(`${folder.path}/a/b`).isDirectory);
});

Deno.test("preflight() leaves a sound database alone, even while it is in use", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/kv.sqlite`;
  await fill(path);
  assertEquals(await preflight(path, { now }), undefined);
  const store = await openKvStore(path);
  assertEquals(await preflight(path, { now }), undefined);
  assertEquals((await store.list()).length, 30);
  store.close();
});

const DAMAGES: Record<string, (file: Uint8Array) => Uint8Array> = {
  "zeroed pages": (file) => file.fill(0, 8 * 4096, 12 * 4096),
  "a zeroed head": (file) => file.fill(0, 0, 4096),
  "half its pages": (file) => file.subarray(0, file.length >> 1),
  "other contents": () => randomBytes(10_000),
};

for (const [damage, apply] of Object.entries(DAMAGES)) {
  Deno.test(`preflight() renames a database with ${damage}`, async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/kv.sqlite`;
    await fill(path);
    Deno.writeFileSync(path, apply(Deno.readFileSync(path)));
    assertEquals(await preflight(path, { now }), `${path}.corrupt-12`);
    assert(Deno.statSync(`${path}.corrupt-12`).isFile);
    await fill(path);
    assertEquals(await preflight(path, { now }), undefined);
  });
}

Deno.test("preflight() refuses a folder that cannot be written to", async () => {
  await assertRejects(() => preflight("/proc/kv.sqlite", { now }));
});
