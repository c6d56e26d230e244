/**
 * Tokens of an answer to text that may be shown: half characters and what may
 * become a stop string are held back.
 *
 * @module
 */

import { Detokenizer } from "./detokenizer.ts";
import { StopStrings } from "./stop_strings.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What has become certain of an answer. */
export interface AnswerPart {
  /** Text that may be shown. */
  text: string;
  /** The text by tokens, one piece each; what was held back is in a later piece. */
  pieces: string[];
  /** Whether a stop string follows, which ends the answer. */
  stopped: boolean;
}

/** The text of one answer. */
export class AnswerText {
  readonly #detokenizer: Detokenizer;
  readonly #stops: StopStrings;

  /** @throws {TypeError} if a stop string is empty. */
  constructor(tokenizer: Pick<Tokenizer, "bytes">, stop: readonly string[]) {
    this.#detokenizer = new Detokenizer(tokenizer);
    this.#stops = new StopStrings(stop);
  }

  /** Reads more tokens, up to a stop string; the last ones hold nothing back. */
  push(tokens: Iterable<number>, { last }: { last: boolean }): AnswerPart {
    const pieces: string[] = [];
    for (const token of tokens) {
      const cut = this.#stops.push(this.#detokenizer.push([token]));
      pieces.push(cut.text);
      if (cut.stopped) {
        return { text: pieces.join(""), pieces, stopped: true };
      }
    }
    if (!last) return { text: pieces.join(""), pieces, stopped: false };
    const cut = this.#stops.push(this.#detokenizer.flush());
    const rest = cut.stopped
      ? { text: "", stopped: true }
      : this.#stops.flush();
    const held = cut.text + rest.text;
    const text = pieces.join("") + held;
    if (pieces.length > 0) pieces.push(pieces.pop() + held);
    return { text, pieces, stopped: rest.stopped };
  }
}
