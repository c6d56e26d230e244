/**
 * A stream of token ids to a stream of text: a character whose bytes are spread
 * over several tokens comes out when its last byte is there.
 *
 * @module
 */

import type { Tokenizer } from "./tokenizer.ts";

/** Decodes the ids of one text, in order. */
export class Detokenizer {
  readonly #tokenizer: Pick<Tokenizer, "bytes">;
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true }); // so it is kept

  constructor(tokenizer: Pick<Tokenizer, "bytes">) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Gives the text that further ids make certain, perhaps none.
   *
   * @throws {RangeError} if the vocabulary lacks an id.
   */
  push(ids: Iterable<number>): string {
    const bytes: number[] = [];
    for (const id of ids) bytes.push(...this.#tokenizer.bytes(id));
    return this.#utf8.decode(Uint8Array.from(bytes), { stream: true });
  }

  /** Ends the text: half a character that was held back becomes U+FFFD. */
  flush(): string {
    return this.#utf8.decode();
  }
}
