/**
 * Cuts a stream of text before the first of some stop strings.
 *
 * Each stop string is sought with Knuth, Morris and Pratt's automaton. Its state is
 * how much of the stop string the text ends with, and so how much of the text must
 * be held back. A long stop string costs no more than a short one.
 *
 * @module
 */

/** What has become certain of a text. */
export interface Cut {
  /** Text that may be shown. */
  text: string;
  /** Whether a stop string follows it, which ends the text. */
  stopped: boolean;
}

/** Watches one text for stop strings; its work is done once it has stopped. */
export class StopStrings {
  readonly #searches: Search[];
  /** The end of the text so far, which may be, or become, a stop string. */
  #held = "";
  /** UTF-16 units of text before `#held`. */
  #given = 0;

  /** @throws {TypeError} if a stop string is empty. */
  constructor(stops: readonly string[]) {
    if (stops.includes("")) {
      throw new TypeError(
        "Cannot watch for stop strings: each must have a character: received an empty one",
      );
    }
    this.#searches = stops.map((stop) => new Search(stop));
  }

  /** Takes more text; gives what can't be part of a stop string any more. */
  push(text: string): Cut {
    this.#held += text;
    for (const search of this.#searches) search.read(text);
    return this.#cut(Math.min(...this.#searches.map((search) => search.open)));
  }

  /** Ends the text; gives the rest, since no stop string can be completed. */
  flush(): Cut {
    return this.#cut(Infinity);
  }

  /** Gives text up to `open`, where an unfinished stop string begins. */
  #cut(open: number): Cut {
    const match = Math.min(...this.#searches.map((search) => search.match));
    const text = this.#held.slice(0, Math.min(match, open) - this.#given);
    this.#held = this.#held.slice(text.length);
    this.#given += text.length;
    return { text, stopped: match <= open && match < Infinity };
  }
}

/** Looks for the first match of one stop string. Positions are UTF-16 units. */
class Search {
  /** Where the first match begins; none so far is infinity. */
  match = Infinity;

  readonly #stop: string;
  readonly #borders: Uint32Array;
  #at = 0;
  /** Length of the longest prefix of the stop string that the text ends with. */
  #matched = 0;

  constructor(stop: string) {
    this.#stop = stop;
    this.#borders = borders(stop);
  }

  /** Where an unfinished match begins: the end of the text if there is none. */
  get open(): number {
    return this.match < Infinity ? Infinity : this.#at - this.#matched;
  }

  read(text: string): void {
    for (let i = 0; i < text.length && this.match === Infinity; i++) {
      this.#matched = extend(this.#stop, this.#borders, {
        matched: this.#matched,
        unit: text[i],
      });
      this.#at++;
      if (this.#matched === this.#stop.length) {
        this.match = this.#at - this.#matched;
      }
    }
  }
}

/** Gives, for each prefix, the length of its longest proper prefix that ends it. */
function borders(stop: string): Uint32Array {
  const lengths = new Uint32Array(stop.length + 1);
  for (let end = 2; end <= stop.length; end++) {
    lengths[end] = extend(stop, lengths, {
      matched: lengths[end - 1],
      unit: stop[end - 1],
    });
  }
  return lengths;
}

/** Moves on by one unit: the longest prefix of `stop` that the text ends with. */
function extend(
  stop: string,
  lengths: Uint32Array,
  { matched, unit }: { matched: number; unit: string },
): number {
  while (matched > 0 && stop[matched] !== unit) matched = lengths[matched];
  return stop[matched] === unit ? matched + 1 : 0;
}
