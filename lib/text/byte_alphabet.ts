/**
 * The byte-level alphabet of GPT-2: 256 printable characters, one a byte, in
 * which byte-level vocabularies are spelled.
 *
 * @module
 */

/** The character of each byte: its own where that prints, else U+0100 onwards. */
export const BYTE_ALPHABET: readonly string[] = alphabet();

const BYTES = new Map(
  BYTE_ALPHABET.map((character, byte) => [character, byte]),
);

/**
 * Gives the bytes that a spelling stands for.
 *
 * @throws {TypeError} if a character isn't of the alphabet.
 */
export function bytesOf(spelling: string): Uint8Array {
  return Uint8Array.from(spelling, (character) => {
    const byte = BYTES.get(character);
    if (byte === undefined) {
      throw new TypeError(
        `Cannot read a token: its spelling must be of the byte-level alphabet: received ${
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
