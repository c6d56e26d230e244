/**
 * Records as parts: a value of Deno KV holds 64 KiB, and a record is longer.
 *
 * @module
 */

/** The most bytes of a value. */
const VALUE_BYTES = 65_536;

/** The most parts of a record, as a commit holds 800 KiB, keys included. */
export const MOST_PARTS = 12;

/**
 * Cuts a record into parts.
 *
 * @throws {RangeError} if it has too many.
 */
export function cut(record: Uint8Array): Uint8Array[] {
  const count = Math.ceil(record.length / VALUE_BYTES);
  if (count > MOST_PARTS) {
    throw new RangeError(
      `Cannot store the block: at most ${
        MOST_PARTS * VALUE_BYTES
      } bytes are required: received ${record.length}`,
    );
  }
  return Array.from(
    { length: count },
    (_, i) => record.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES),
  );
}

/** Joins the parts of a record. */
export function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
