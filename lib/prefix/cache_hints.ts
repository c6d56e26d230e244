/**
 * What a request says about caching its prompt.
 *
 * @module
 */

/** Whose prompt it is, and how long it shall be remembered. */
export interface CacheHints {
  /** The caller's key; `""` where none is asked for. */
  caller: string;
  /** Keeps texts of one caller apart. */
  salt: string;
  /** Where it may be kept; without, in memory, and in the store once it recurs. */
  retention?: "in_memory" | "24h";
}
