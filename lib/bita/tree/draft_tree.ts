/**
 * What a pass tries: guesses about the text after its last final token, and how
 * many mask tokens follow each guess to draft the pass after.
 *
 * @module
 */

/** Guesses as a tree; node 0, the root, is the last final token. */
export interface DraftTree {
  /** `[nodes]` as in `tree.ts`: -1 first, and a parent precedes its children. */
  parents: Int32Array;
  /** `[nodes]` vocabulary ids. */
  tokens: Int32Array;
  /** `[nodes]` mask tokens behind each node, from 0. */
  masks: Int32Array;
  /**
   * Whether all rows' logits are read at once, which can take less time than to
   * read those that decide first and of the others then just what is needed.
   *
   * @default false
   */
  readAll?: boolean;
}
