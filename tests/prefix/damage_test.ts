/**
 * Databases that lost or changed bytes cause neither a wrong text nor a crash.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { uniform } from "../../lib/bita/choose/random.ts";
import { type Damages, storedPrompt } from "./_damaged_reader.ts";
import { temporaryFolder } from "./_folder.ts";
import { startToy } from "./_toy_cache.ts";

const READER = new URL("_damaged_reader.ts", import.meta.url).pathname;
const PROMPTS = 8;
const FLIPS = 200;

/** Returns the bytes of a sound database that holds some prompts. */
async function soundDatabase(): Promise<Uint8Array<ArrayBuffer>> {
  using folder = temporaryFolder();
  const kv = `${folder.path}/kv.sqlite`;
  {
    using server = await startToy({ kv });
    for (let i = 0; i < PROMPTS; i++) {
      const cache = { caller: "", salt: "", retention: "24h" as const };
      await server.ask(storedPrompt(i), { cache });
    }
    await server.cache.idle();
    assertEquals(server.cache.counters.written, 3 * PROMPTS);
  }
  using database = new DatabaseSync(kv);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return Deno.readFileSync(kv);
}

/** Reads prompts from databases in a process of its own. */
async function readAll(databases: Uint8Array[]): Promise<Damages> {
  using folder = temporaryFolder();
  for (const [i, bytes] of databases.entries()) {
    Deno.writeFileSync(`${folder.path}/${i}.sqlite`, bytes);
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", READER, folder.path, String(PROMPTS)],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const damages: Damages = JSON.parse(new TextDecoder().decode(stdout));
  console.log(damages);
  assertEquals(damages.databases, databases.length);
  return damages;
}

const sound = await soundDatabase();

Deno.test("a sound database is read for every prompt", async () => {
  const { wrong, cold, corrupt, aside } = await readAll([sound]);
  assertEquals([wrong, cold, corrupt, aside], [0, 0, 0, 0]);
});

Deno.test(`${FLIPS} databases with a flipped bit cause no wrong text`, async () => {
  const databases = Array.from({ length: FLIPS }, (_, i) => {
    const bytes = sound.slice();
    const bit = Math.floor(uniform(1, i) * bytes.length * 8);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return bytes;
  });
  const { wrong, cold, answers, corrupt } = await readAll(databases);
  assertEquals(wrong, 0);
  assert(corrupt > 0, "some bits were in records");
  assert(cold < answers / 2, "most records are sound");
});

Deno.test("databases with zeroed or missing pages cause no wrong text", async () => {
  const half = sound.length >> 1;
  const { wrong, aside } = await readAll([
    sound.slice().fill(0, 4096, 8 * 4096),
    sound.slice().fill(0, half),
    sound.slice().fill(0, 0, 4096),
    sound.slice(0, half),
    sound.slice(0, sound.length - 1000),
    sound.slice(0, 100),
    new Uint8Array(),
  ]);
  assertEquals(wrong, 0);
  assert(aside >= 3);
});
