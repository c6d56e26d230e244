/**
 * Texts that go in circles. A draft guesses them too well, so they are counted
 * apart from those that say something.
 *
 * @module
 */

/** Tokens in a row whose return makes a loop. */
const LENGTH = 16;

/** Tells whether any run of 16 tokens comes twice. */
export function loops(tokens: readonly number[]): boolean {
  const seen = new Set<string>();
  for (let end = LENGTH; end <= tokens.length; end++) {
    const run = tokens.slice(end - LENGTH, end).join();
    if (seen.has(run)) return true;
    seen.add(run);
  }
  return false;
}
