/**
 * Lines for the person at the terminal.
 *
 * @module
 */

/** Prints a line. What is only told fails nothing. */
export function say(line: string, print = console.log): void {
  try {
    print(line);
  } catch {
    // The output is full or closed.
  }
}
