/**
 * The port of a grammar: which tokens may come next in a text. What answers is at one
 * place of the text, the end of what has been committed.
 *
 * @module
 */

/** A rule that a text follows. */
export interface Constraint {
  /**
   * Tokens that come next whatever the logits are, in order. There are none where the
   * logits choose.
   */
  forced(): readonly number[];
  /**
   * Returns bits of the tokens that may come next, 32 a word and the lowest first. Ids
   * after the last word may not come. It is valid until the next commit.
   */
  mask(): Uint32Array;
  /** Returns whether a token may come after others that may come next. */
  allows(before: readonly number[], token: number): boolean;
  /** Adds the next token to the text. It is one that may come next, and not an end. */
  commit(token: number): void;
  /** Whether the text is whole, and nothing may come but its end. */
  readonly isComplete: boolean;
}

/** Returns whether a mask has a token. */
export function isIn(mask: Uint32Array, token: number): boolean {
  return (mask[token >>> 5] >>> (token & 31) & 1) === 1;
}

/** Lists the tokens of a mask. */
export function* idsIn(mask: Uint32Array): Generator<number, void> {
  for (let word = 0; word < mask.length; word++) {
    // Clears the lowest bit each time.
    for (let bits = mask[word]; bits !== 0; bits &= bits - 1) {
      yield word * 32 + 31 - Math.clz32(bits & -bits);
    }
  }
}

/** Copies the logits of the tokens that a mask has, and makes all others -Infinity. */
export function maskLogits(
  logits: Float32Array,
  mask: Uint32Array,
  out: Float32Array,
): void {
  out.fill(-Infinity);
  const words = Math.min(mask.length, Math.ceil(logits.length / 32));
  for (let word = 0; word < words; word++) {
    for (let bits = mask[word]; bits !== 0; bits &= bits - 1) {
      const token = word * 32 + 31 - Math.clz32(bits & -bits);
      if (token < out.length) out[token] = logits[token];
    }
  }
}
