/**
 * How an error names what it received: enough to know it again, never all of it.
 *
 * @module
 */

/** The most characters of a received string that an error repeats. */
const SHOWN_CHARACTERS = 40;

/** Names a JSON value, or `undefined`, in a few words. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  if (value.length <= SHOWN_CHARACTERS) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}…`;
}
