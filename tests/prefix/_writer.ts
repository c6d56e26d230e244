/**
 * Writes blocks to the database at a path, and prints the number of each that is
 * acknowledged, until it is killed.
 *
 * @module
 */

import { BlockSealer } from "../../lib/prefix/store/block_sealer.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { blockOf, SECRET } from "./_written.ts";

const [path, first] = Deno.args;
const store = await openKvStore(path);
const sealer = new BlockSealer(SECRET);
for (let index = Number(first);; index++) {
  const { place, block } = blockOf(index);
  const record = await sealer.seal(place, block);
  const entry = { bytes: record.length, depth: 0, created: 0, used: 0 };
  await store.write(place, record, entry);
  console.log(index);
}
