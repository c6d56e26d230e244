/**
 * Tokens of an answer to text that may be shown: half characters and what may
 * become a stop string are held back.
 *
 * @module
 */

import { Detokenizer } from "./detokenizer.ts";
import { type Cut, StopStrings } from "./stop_strings.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The text of one answer. */
export class AnswerText {
  readonly #detokenizer: Detokenizer;
  readonly #stops: StopStrings;
  #tokens = 0;

  /** @throws {TypeError} if a stop string is empty. */
  constructor(tokenizer: Pick<Tokenizer, "bytes">, stop: readonly string[]) {
    this.#detokenizer = new Detokenizer(tokenizer);
    this.#stops = new StopStrings(stop);
  }

  /** Tokens read so far; none is behind the one that completed a stop string. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Reads more tokens, up to a stop string; the last ones hold nothing back. */
  push(tokens: Iterable<number>, { last }: { last: boolean }): Cut {
    let text = "";
    for (const token of tokens) {
      this.#tokens++;
      const cut = this.#stops.push(this.#detokenizer.push([token]));
      text += cut.text;
      if (cut.stopped) return { text, stopped: true };
    }
    if (!last) return { text, stopped: false };
    const cut = this.#stops.push(this.#detokenizer.flush());
    text += cut.text;
    if (cut.stopped) return { text, stopped: true };
    const rest = this.#stops.flush();
    return { text: text + rest.text, stopped: rest.stopped };
  }
}
