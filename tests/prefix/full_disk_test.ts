/**
 * A disk without room: a small one, and one that fills up.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { BlockSealer } from "../../lib/prefix/store/block_sealer.ts";
import { DiskGuard } from "../../lib/prefix/store/disk_guard.ts";
import { GuardedStore } from "../../lib/prefix/store/guarded_store.ts";
import { HeldBlock } from "../../lib/prefix/memory/held_block.ts";
import { Janitor } from "../../lib/prefix/store/janitor.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { newCounters } from "../../lib/prefix/prefix_counters.ts";
import { StoredBlocks } from "../../lib/prefix/store/stored_blocks.ts";
import { smallDisk } from "./_folder.ts";
import { plainText, promptOf, startToy } from "./_toy_cache.ts";
import { blockOf, SECRET } from "./_written.ts";

const MIB = 1 << 20;

Deno.test("a disk of 8 MiB is not written to, and costs no answer", async () => {
  using disk = smallDisk(8);
  if (!disk.mounted) return;
  using server = await startToy({ kv: `${disk.path}/kv.sqlite` });
  const prompt = promptOf(50);
  const cache = { caller: "", salt: "", retention: "24h" as const };
  const tokens = await plainText(prompt);
  assertEquals(await server.ask(prompt, { cache }), { tokens, cached: 0 });
  await server.cache.idle();
  assertEquals(server.cache.counters.written, 0);
  assertEquals(await server.ask(prompt, { cache }), { tokens, cached: 48 });
});

Deno.test("StoredBlocks survives a disk that fills up, and frees it", async () => {
  using disk = smallDisk(24);
  if (!disk.mounted) return;
  const counters = newCounters();
  const clock = { ms: Date.now() };
  const now = () => clock.ms;
  const store = new GuardedStore({
    connect: () => openKvStore(`${disk.path}/kv.sqlite`),
    counters,
    now: () => performance.now(),
  });
  const guard = new DiskGuard(disk.path, {
    ballastBytes: 6 * MIB, // a log that must move first is 4
    floorBytes: 0,
  });
  await guard.addBallast();
  const janitor = new Janitor({
    store,
    counters,
    capBytes: 2 * MIB,
    owner: "me",
    now,
  });
  // The janitor notices what is written only when it counts.
  janitor.noteWrite = () => Promise.resolve();
  const stored = new StoredBlocks({
    store,
    sealer: new BlockSealer(SECRET),
    janitor,
    counters,
    disk: guard,
    read: { baseMs: 0, blockMs: 0 },
    computeMs: 10_000,
    queueBytes: 64 * MIB,
    now,
  });
  const offer = (index: number) => {
    const { place, block } = blockOf(index);
    stored.offer(new HeldBlock({ ...block, place, depth: 0 }));
  };
  for (let index = 0; index < 40; index++) offer(index);
  await stored.idle();
  for (let wait = 0; wait < 500 && counters.storeEvictions === 0; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(counters.failures > 0, "the disk was full");
  assert(counters.written > 0 && counters.dropped > 0);
  assert(counters.storeEvictions > 0, "the ballast made room to delete");

  clock.ms += 600_001;
  offer(50);
  await stored.idle();
  const { place, block } = blockOf(50);
  const [loaded] = await stored.load([{ place, tokens: block.tokens }]);
  assertEquals(loaded.kv, block.kv);
  stored.close();
});
