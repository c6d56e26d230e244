/**
 * Guards the texts of a chat against becoming control tokens: a character that none of
 * them has is put between all of their characters.
 *
 * @module
 */

/** A guard of one chat. */
export interface Guard {
  character: string;
  /** Finds all guards. */
  all: RegExp;
}

/** The first and the last of Unicode's characters for private use. */
const [FIRST, LAST] = [0xe000, 0xf8ff];

/**
 * Chooses a guard for texts. JSON writes it as it is, unlike half a surrogate pair.
 *
 * @throws {TypeError} if the texts have all characters for private use.
 */
export function chooseGuard(texts: unknown): Guard {
  const used = JSON.stringify(texts);
  for (let code = FIRST; code <= LAST; code++) {
    const character = String.fromCodePoint(code);
    if (used.includes(character)) continue;
    return { character, all: new RegExp(character, "gu") };
  }
  throw new TypeError(
    "Cannot encode a chat: it must leave one private-use character unused: received all of them",
  );
}

/** Puts guards around all characters except outer white space, which is trimmed. */
function guardText(text: string, { character }: Guard): string {
  const core = text.trim();
  if (core === "") return text;
  const [before, after] = text.split(core, 2);
  return before + ["", ...core, ""].join(character) + after;
}

/** Fields that templates compare with words of their own. */
const WORDS = new Set(["role", "type", "id", "tool_call_id", "name"]);

/** A word, or the name of a field. No control token is one. */
const WORD = /^[\w$-]+$/;

/** Puts guards into all texts of a chat, except names of fields, roles and tools. */
export function guardTexts<T>(value: T, guard: Guard): T;
export function guardTexts(value: unknown, guard: Guard): unknown {
  if (typeof value === "string") return guardText(value, guard);
  if (Array.isArray(value)) return value.map((item) => guardTexts(item, guard));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      WORD.test(key) ? key : guardText(key, guard),
      WORDS.has(key) && typeof item === "string" && WORD.test(item)
        ? item
        : guardTexts(item, guard),
    ]),
  );
}
