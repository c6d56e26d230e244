import { assert } from "@std/assert";
import fc from "fast-check";
import { BlockSealer } from "../../lib/prefix/store/block_sealer.ts";
import { fuzzed } from "./_runs.ts";

const PLACE = { model: "m", space: "s", hash: "h" };
const TOKENS = Int32Array.of(5, 6, 7);

/** A part of a record is replaced, and the record cut or made longer. */
const damage = fc.record({
  at: fc.nat(),
  patch: fc.uint8Array({ maxLength: 24 }),
  dropped: fc.nat({ max: 24 }),
});

Deno.test("BlockSealer opens no mutated record, and refuses it with its own error", async () => {
  const sealer = new BlockSealer(new Uint8Array(32).fill(7));
  const kv = Float32Array.from({ length: 40 }, (_, i) => i / 3);
  const record = await sealer.seal(PLACE, { tokens: TOKENS, kv });
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, patch, dropped }) => {
      const start = at % record.length;
      const mutated = Uint8Array.of(
        ...record.subarray(0, start),
        ...patch,
        ...record.subarray(start + dropped),
      );
      const same = mutated.length === record.length &&
        mutated.every((byte, i) => byte === record[i]);
      const opened = await sealer.open(PLACE, mutated, TOKENS).catch((error) =>
        assert(error instanceof TypeError && error.message.includes("record"))
      );
      assert(same ? opened : !opened);
    }),
    fuzzed(300),
  );
});
