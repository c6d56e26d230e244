/**
 * Hashes of a text's blocks: each is the SHA-256 of the block's tokens and of the hash
 * before it, so that it stands for all that the block's keys and values depend on.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What all hashes of a text depend on. */
export interface HashOrigin {
  /** Names all that can change a bit of a key or value. */
  model: string;
  /** Namespace of the blocks. */
  space: string;
  /** Separates texts of one caller. @default "" */
  salt?: string;
}

/** The blocks of one text in one namespace. */
export class BlockHashes {
  readonly space: string;
  /** Hashes in hex, the first block's first. */
  readonly hashes: string[] = [];
  readonly #size: number;
  #last: string;

  /** Begins the hashes of a text in blocks of `size` tokens. */
  constructor({ model, space, salt = "" }: HashOrigin, size: number) {
    this.space = space;
    this.#size = size;
    this.#last = sha256(JSON.stringify(["bita prefix 1", model, space, salt]));
  }

  /** Adds the whole blocks of a text that continues the one hashed so far. */
  extend(text: Int32Array): this {
    const count = Math.floor(text.length / this.#size);
    for (let depth = this.hashes.length; depth < count; depth++) {
      const tokens = this.tokens(text, depth);
      const bytes = new Uint8Array(32 + tokens.byteLength);
      bytes.setFromHex(this.#last);
      new Int32Array(bytes.buffer, 32).set(tokens);
      this.#last = sha256(bytes);
      this.hashes.push(this.#last);
    }
    return this;
  }

  /** Copies the tokens of the block at `depth`, which counts from 0. */
  tokens(text: Int32Array, depth: number): Int32Array {
    return text.slice(depth * this.#size, (depth + 1) * this.#size);
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
