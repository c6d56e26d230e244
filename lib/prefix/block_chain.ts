/**
 * Names of blocks: each is the SHA-256 of its tokens and of the name before it, so a
 * name stands for all that a block's keys and values depend on.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What all names of a chain begin with. */
export interface ChainOrigin {
  /** Whatever can change a bit of a key or value, in one text. */
  model: string;
  /** Whose blocks they are. */
  space: string;
  /** Keeps texts of one caller apart. @default "" */
  salt?: string;
}

/** The blocks of one text in one namespace, by their names in hex. */
export class BlockChain {
  readonly space: string;
  readonly hashes: string[] = [];
  readonly #size: number;
  #last: string;

  /** Names blocks of `size` tokens. */
  constructor({ model, space, salt = "" }: ChainOrigin, size: number) {
    this.space = space;
    this.#size = size;
    this.#last = sha256(JSON.stringify(["bita prefix 1", model, space, salt]));
  }

  /** Names the whole blocks of a text that goes on from the one named so far. */
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

  /** Copies the tokens of the block of that number. */
  tokens(text: Int32Array, depth: number): Int32Array {
    return text.slice(depth * this.#size, (depth + 1) * this.#size);
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
