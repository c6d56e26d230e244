/**
 * A row of the toy: what stays of it in the toy's KV buffer.
 *
 * @module
 */

/** What a row leaves in its slot. */
export interface Row {
  token: number;
  position: number;
  /** Whether it stands where plain decoding would have put it. */
  natural: boolean;
  /** Sum over all that it sees, itself left out. */
  seen: number;
  /** Its key and value, which hang on all that it saw. */
  state: number;
}

/** What a row adds to those that see it; the order does not matter. */
export function contribution(
  { token, position, state }: Pick<Row, "token" | "position" | "state">,
): number {
  return mix(state ^ mix(position ^ mix(token + 1)));
}

/** Scrambles 32 bits: murmur3's last step. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Turns 32 bits into a number from 0 to 1. */
export function unit(bits: number): number {
  return (bits >>> 0) / 2 ** 32;
}

/** Numbers of a packed row. */
const NUMBERS = 5;

/** Packs rows as the bits of floats, `[rows, 5]`. */
export function packRows(rows: Row[]): Float32Array<ArrayBuffer> {
  const bits = rows.flatMap(({ token, position, natural, seen, state }) => [
    token,
    position,
    Number(natural),
    seen,
    state,
  ]);
  return new Float32Array(Int32Array.from(bits).buffer);
}

/** Unpacks rows. */
export function unpackRows(data: Float32Array<ArrayBuffer>): Row[] {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length);
  return Array.from({ length: bits.length / NUMBERS }, (_, row) => {
    const [token, position, natural, seen, state] = bits
      .subarray(row * NUMBERS, (row + 1) * NUMBERS);
    return { token, position, natural: natural === 1, seen, state };
  });
}
