import { assert, assertEquals, assertRejects } from "@std/assert";
import { BlockSealer } from "../../../lib/prefix/store/block_sealer.ts";

const SECRET = new Uint8Array(32).fill(7);
const PLACE = { model: "m", space: "s", hash: "h" };
const TOKENS = Int32Array.of(5, 6);

/** Bits of all kinds, a signalling NaN among them. */
const KV = new Float32Array(
  Int32Array.of(0, -0x80000000, 0x7fa00001, 1, 0x3f800000).buffer,
);

const sealer = new BlockSealer(SECRET);
const seal = () => sealer.seal(PLACE, { tokens: TOKENS, kv: KV });
const refuses = (open: () => Promise<unknown>) =>
  assertRejects(open, TypeError, "its own record is required");

Deno.test("BlockSealer opens a record to the bits that were sealed", async () => {
  const { tokens, kv } = await sealer.open(PLACE, await seal(), TOKENS);
  assertEquals(tokens, TOKENS);
  assertEquals(
    new Int32Array(kv.buffer, kv.byteOffset),
    new Int32Array(KV.buffer),
  );
});

Deno.test("BlockSealer refuses every record with a flipped bit", async () => {
  const record = await seal();
  for (let bit = 0; bit < record.length * 8; bit++) {
    const damaged = record.slice();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    await refuses(() => sealer.open(PLACE, damaged, TOKENS));
  }
});

Deno.test("BlockSealer refuses a record that is cut", async () => {
  const record = await seal();
  for (let length = 0; length < record.length; length++) {
    await refuses(() => sealer.open(PLACE, record.slice(0, length), TOKENS));
  }
});

Deno.test("BlockSealer refuses a record in another place", async () => {
  const record = await seal();
  for (const change of [{ model: "n" }, { space: "t" }, { hash: "i" }]) {
    const place = { ...PLACE, ...change };
    await refuses(() => sealer.open(place, record, TOKENS));
  }
});

Deno.test("BlockSealer refuses other tokens, and another secret", async () => {
  const record = await seal();
  const other = record.slice(); // opening frees a record
  await refuses(() => sealer.open(PLACE, other, Int32Array.of(5, 7)));
  const stranger = new BlockSealer(new Uint8Array(32));
  await refuses(() => stranger.open(PLACE, record, TOKENS));
});

Deno.test("BlockSealer never makes the same record twice", async () => {
  const [a, b] = [await seal(), await seal()];
  assert(a.some((byte, i) => byte !== b[i]));
});
