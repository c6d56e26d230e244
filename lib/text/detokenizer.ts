/**
 * Decodes a stream of token ids to a stream of text. A character may have its bytes in
 * several tokens; it is held back until the last one.
 *
 * @module
 */

import type { Tokenizer } from "./tokenizer.ts";

/** Decodes the token ids of one text, in order. */
export class Detokenizer {
  readonly #tokenizer: Pick<Tokenizer, "bytes">;
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // Keeps the BOM.

  constructor(tokenizer: Pick<Tokenizer, "bytes">) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Adds ids and returns the characters that they complete.
   *
   * @throws {RangeError} if an id is not in the vocabulary.
   */
  push(ids: Iterable<number>): string {
    const bytes: number[] = [];
    for (const id of ids) bytes.push(...this.#tokenizer.bytes(id));
    return this.#utf8.decode(Uint8Array.from(bytes), { stream: true });
  }

  /** Ends the text and returns U+FFFD for a character that is incomplete. */
  flush(): string {
    return this.#utf8.decode();
  }
}
