/**
 * Matches the fixed text around a call while it streams. The text is written once, as
 * models are taught it; other white space beside its JSON punctuation matches, too.
 *
 * @module
 */

/** Stands for a tool's name in the text of a pattern. */
export const NAME = "$name";

/** A match at the start of a text. */
export interface Match {
  length: number;
  /** The name in it; empty if the pattern has none. */
  name: string;
}

const SPACE = String.raw`\s{0,16}`;

/** A fixed text, perhaps with a name in it. */
export class Pattern {
  readonly #whole: RegExp;
  readonly #start: RegExp;

  /**
   * @param text the text, with {@linkcode NAME} where the tool's name is.
   * @param options.followedBy what must follow, but is not part of a match.
   */
  constructor(text: string, { followedBy = "" } = {}) {
    const atoms = [...atomsOf(text), `(?=${RegExp.escape(followedBy)})`];
    this.#whole = new RegExp(`^${atoms.join("")}`, "u");
    const start = atoms.reduceRight((rest, atom) => `(?:${atom}${rest})?`, "");
    this.#start = new RegExp(`^${start}$`, "u");
  }

  /** Returns the match at the start of `text`, if there is one. */
  match(text: string): Match | undefined {
    const match = this.#whole.exec(text);
    return match === null
      ? undefined
      : { length: match[0].length, name: match[1] ?? "" };
  }

  /** Returns whether more text could make `text` a match. */
  mayBegin(text: string): boolean {
    return this.#start.test(text);
  }
}

/** Splits a text into expressions of a character, a name or white space each. */
function atomsOf(text: string): string[] {
  return text.split(/(\$name|\s+|[{}:,])/)
    .flatMap((part) => {
      if (part === NAME) return [String.raw`([\w\-]{1,64})`];
      if (/^\s+$/.test(part)) return [SPACE];
      if (/^[{}:,]$/.test(part)) return [SPACE, RegExp.escape(part), SPACE];
      return [...part].map((character) => RegExp.escape(character));
    })
    .filter((atom, i, all) => atom !== SPACE || all[i - 1] !== SPACE);
}
