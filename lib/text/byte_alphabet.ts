/**
 * The byte-level alphabet of GPT-2, which has one printable character for each byte.
 * Byte-level vocabularies are spelled in it.
 *
 * @module
 */

/**
 * The character of each byte. A byte that isn't a printable Latin-1 character has one
 * from U+0100 on.
 */
export const BYTE_ALPHABET: readonly string[] = alphabet();

const BYTES = new Map(
  BYTE_ALPHABET.map((character, byte) => [character, byte]),
);

/**
 * Returns the bytes of a token from its spelling. A spelling with a character outside
 * the alphabet, as in some extended vocabularies, is the token's text itself.
 */
export function bytesOf(spelling: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of spelling) {
    const byte = BYTES.get(character);
    if (byte === undefined) return new TextEncoder().encode(spelling);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function alphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = byte > 0x20 && byte < 0x7f ||
      byte > 0xa0 && byte !== 0xad;
    return String.fromCharCode(printable ? byte : next++);
  });
}
