/**
 * Turns the tokens of an answer into text that may be shown. An incomplete character
 * is held back, and so is a possible start of a stop string.
 *
 * @module
 */

import { Detokenizer } from "./detokenizer.ts";
import { StopStrings } from "./stop_strings.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The text of an answer that has become certain. */
export interface AnswerPart {
  /** Text that may be shown. */
  text: string;
  /** The text of each token. Text that was held back is in a later piece. */
  pieces: string[];
  /** Whether a stop string follows the text, which ends the answer. */
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

  /** The stop string that ended the answer, if one has. */
  get stop(): string | undefined {
    return this.#stops.found;
  }

  /** Adds tokens, up to a stop string. With `last`, no text is held back. */
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
