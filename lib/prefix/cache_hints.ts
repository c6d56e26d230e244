/**
 * How a request wants its prompt to be cached.
 *
 * @module
 */

/** The caller of a request, and how long its prompt is to be kept. */
export interface CacheHints {
  /** SHA-256 of the caller's key; `""` where no key is required. */
  caller: string;
  /** Separates texts of one caller. */
  salt: string;
  /** Where to keep it; by default in memory, and in the store once it recurs. */
  retention?: "in_memory" | "24h" | undefined;
}
