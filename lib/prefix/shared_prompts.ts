/**
 * The operator's own prompts. Their blocks are in a namespace that all callers read and
 * that no erasure of callers includes. Whichever request computes such a block puts it
 * there, so that blocks which memory had no room for come back.
 *
 * @module
 */

import type { BlockPlace } from "./block.ts";
import { BlockHashes } from "./block_hashes.ts";
import { sharedSpace } from "./namespace.ts";

/** What the blocks depend on. */
export interface SharedPromptsOptions {
  /** Names all that can change a bit of a key or value. */
  model: string;
  secret: Uint8Array;
  blockTokens: number;
}

/** The hashes of the blocks of shared prompts. */
export class SharedPrompts {
  readonly #options: SharedPromptsOptions;
  readonly #hashes = new Set<string>();
  /** Namespace of the blocks. */
  readonly space: string;

  constructor(options: SharedPromptsOptions) {
    this.#options = options;
    this.space = sharedSpace(options.secret);
  }

  /** Adds a prompt. */
  add(prompt: Int32Array): void {
    for (const hash of this.#begin().extend(prompt).hashes) {
      this.#hashes.add(hash);
    }
  }

  /** Returns the places of the first blocks of a text, as far as they are shared. */
  places(text: Int32Array): BlockPlace[] {
    const { model, blockTokens } = this.#options;
    const hashed = this.#begin();
    const places: BlockPlace[] = [];
    for (let end = blockTokens; end <= text.length; end += blockTokens) {
      const hash = hashed.extend(text.subarray(0, end)).hashes.at(-1)!;
      if (!this.#hashes.has(hash)) break;
      places.push({ model, space: this.space, hash });
    }
    return places;
  }

  #begin(): BlockHashes {
    const { model, blockTokens } = this.#options;
    return new BlockHashes({ model, space: this.space }, blockTokens);
  }
}
