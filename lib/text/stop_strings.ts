/**
 * Cuts a stream of text before the first of some stop strings. The end of the text is
 * held back while it may become one of them.
 *
 * @module
 */

/** The text that has become certain. */
export interface Cut {
  /** Text that may be shown. */
  text: string;
  /** Whether a stop string follows it, which ends the text. */
  stopped: boolean;
}

/** Searches one text for stop strings. It must not be used after it has stopped. */
export class StopStrings {
  readonly #stops: readonly string[];
  /** The end of the text, which may be the start of a stop string. */
  #held = "";
  #found: string | undefined;

  /** @throws {TypeError} if a stop string is empty. */
  constructor(stops: readonly string[]) {
    if (stops.includes("")) {
      throw new TypeError(
        "Cannot search for stop strings: each must have at least one character: received an empty one",
      );
    }
    this.#stops = stops;
  }

  /** The stop string that ended the text, if one has. */
  get found(): string | undefined {
    return this.#found;
  }

  /** Characters that are held back, or those from the stop string on. */
  get held(): number {
    return this.#held.length;
  }

  /** Adds text and returns what can no longer be part of a stop string. */
  push(text: string): Cut {
    this.#held += text;
    return this.#cut(this.#unfinished());
  }

  /** Ends the text and returns the rest of it. */
  flush(): Cut {
    return this.#cut(Infinity);
  }

  /** Returns where a stop string begins that more text could complete. */
  #unfinished(): number {
    const longest = Math.max(0, ...this.#stops.map(({ length }) => length));
    let start = Math.max(0, this.#held.length - longest + 1);
    const starts = (stop: string) => stop.startsWith(this.#held.slice(start));
    while (start < this.#held.length && !this.#stops.some(starts)) start++;
    return start;
  }

  /** Cuts at the first stop string, unless `unfinished` comes before it. */
  #cut(unfinished: number): Cut {
    const starts = this.#stops.map((stop) => this.#held.indexOf(stop));
    const match = Math.min(...starts.filter((start) => start >= 0));
    const stopped = match < Infinity && match <= unfinished;
    if (stopped) this.#found = this.#stops[starts.indexOf(match)];
    const text = this.#held.slice(0, Math.min(match, unfinished));
    this.#held = this.#held.slice(text.length);
    return { text, stopped };
  }
}
