/**
 * Compares what a model says at several pass widths, to the bit.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Model } from "../../lib/bita/decode/model.ts";
import { readInPasses, type ReadOptions } from "./_text.ts";

/** A way to read a text: rows a pass, and junk after them. */
export type Reading = Pick<ReadOptions, "width" | "junk">;

/** Checks that all readings give the first one's logits, keys and values. */
export async function assertSameBits(
  model: Model,
  text: Int32Array,
  [first, ...others]: Reading[],
): Promise<void> {
  const logits: Float32Array[] = [];
  const kv = await readInPasses(model, text, {
    ...first,
    look: (row) => logits.push(row.slice()),
  });
  assertEquals(logits.length, text.length);
  for (const reading of others) {
    const differing: number[] = [];
    const kept = await readInPasses(model, text, {
      ...reading,
      look(row, position) {
        if (!sameBits(row, logits[position])) differing.push(position);
      },
    });
    assertEquals(differing, [], `rows that differ: ${Deno.inspect(reading)}`);
    const same = sameBits(kept, kv);
    assertEquals(same, true, `kept KV differs: ${Deno.inspect(reading)}`);
  }
}

/** Returns whether two arrays have the same bits. */
export function sameBits(a: Float32Array, b: Float32Array): boolean {
  return bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
