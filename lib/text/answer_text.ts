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
  /**
   * Text that may be shown, in a piece for each token that was read; what was held
   * back comes with a later one.
   */
  pieces: string[];
  /** Whether a stop string follows, which ends the answer. */
  stopped: boolean;
}

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
  push(tokens: Iterable<number>, { last }: { last: boolean }): AnswerPart {
    const pieces: string[] = [];
    for (const token of tokens) {
      this.#tokens++;
      const cut = this.#stops.push(this.#detokenizer.push([token]));
      pieces.push(cut.text);
      if (cut.stopped) return { pieces, stopped: true };
    }
    if (!last) return { pieces, stopped: false };
    const cut = this.#stops.push(this.#detokenizer.flush());
    const rest = cut.stopped
      ? { text: "", stopped: true }
      : this.#stops.flush();
    pieces.push((pieces.pop() ?? "") + cut.text + rest.text);
    return { pieces, stopped: rest.stopped };
  }
}
