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
 * Returns the bytes of a token from its spelling.
 *
 * @throws {TypeError} if a character is not in the alphabet.
 */
export function bytesOf(spelling: string): Uint8Array {
  return Uint8Array.from(spelling, (character) => {
    const byte = BYTES.get(character);
    if (byte === undefined) {
      throw new TypeError(
        `Cannot read a token: its spelling must be in the byte-level alphabet: received ${
          JSON.stringify(spelling)
        }`,
      );
    }
    return byte;
  });
}

function alphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = byte > 0x20 && byte < 0x7f ||
      byte > 0xa0 && byte !== 0xad;
    return String.fromCharCode(printable ? byte : next++);
  });
}
