import { assert, assertEquals } from "@std/assert";
import { BlockSealer } from "../../lib/prefix/store/block_sealer.ts";
import { openKvStore } from "../../lib/prefix/store/kv_store.ts";
import { preflight } from "../../lib/prefix/store/preflight.ts";
import { temporaryFolder } from "./_folder.ts";
import { blockOf, SECRET } from "./_written.ts";

const KILLS = 20;
const WRITER = new URL("_writer.ts", import.meta.url).pathname;

/** Runs a writer for a while and kills it; returns what it had acknowledged. */
async function writeAndDie(
  path: string,
  { first, kill }: { first: number; kill: number },
): Promise<number[]> {
  const writer = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", WRITER, path, String(first)],
    stdout: "piped",
  }).spawn();
  const enough = 1 + kill % 5;
  let output = "";
  for await (
    const text of writer.stdout.pipeThrough(new TextDecoderStream())
      .values({ preventCancel: true })
  ) {
    output += text;
    // The next one is being written by now.
    if (output.split("\n").length > enough) break;
  }
  await new Promise((resolve) => setTimeout(resolve, kill % 7));
  writer.kill("SIGKILL");
  await writer.status;
  return output.split("\n").slice(0, -1).map(Number);
}

Deno.test(`openKvStore() neither loses nor tears a block when killed ${KILLS} times`, async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/kv.sqlite`;
  const sealer = new BlockSealer(SECRET);
  const acknowledged: number[] = [];
  let first = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    acknowledged.push(...await writeAndDie(path, { first, kill }));
    first = acknowledged.at(-1)! + 10;
    assertEquals(await preflight(path, { now: Date.now }), undefined);
  }
  const store = await openKvStore(path);
  const listed = (await store.list()).map(({ place }) =>
    Number(place.hash.slice(1))
  );
  const lost = acknowledged.filter((index) => !listed.includes(index));
  const torn: number[] = [];
  for (const index of listed) {
    const { place, block } = blockOf(index);
    const record = await store.read(place);
    const opened = record &&
      await sealer.open(place, record, block.tokens).catch(() => undefined);
    if (opened?.kv.at(-1) !== index) torn.push(index);
  }
  store.close();
  console.log(`${acknowledged.length} acknowledged, ${listed.length} there`);
  assertEquals({ lost, torn }, { lost: [], torn: [] });
  assert(acknowledged.length >= 3 * KILLS);
});
