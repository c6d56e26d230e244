/**
 * Turns the tokens of an answer into text that may be shown. An incomplete character
 * is held back, and so is what its reader waits for, such as the rest of a stop string.
 *
 * @module
 */

import type { CallPart } from "../tools/tool.ts";
import { Detokenizer } from "./detokenizer.ts";
import type { Cut } from "./stop_strings.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What has become certain of an answer. */
export interface Reading extends Cut {
  /** What was added to calls of tools. */
  calls?: CallPart[];
  /** The text and the calls as the model wrote them, if they differ from the text. */
  written?: string;
}

/** What the text of an answer goes through before it is shown. */
export interface AnswerReader {
  /** The stop string that ended the answer, if one has. */
  readonly found: string | undefined;
  /** Adds text. */
  push(text: string): Reading;
  /** Ends the text and returns the rest of it. */
  flush(): Reading;
}

/** The part of an answer that has become certain. */
export interface AnswerPart {
  /** Text that may be shown. */
  text: string;
  /** What was added to calls of tools. */
  calls: CallPart[];
  /** The text and the calls as the model wrote them. */
  written: string;
  /** What was written of each token. Text that was held back is in a later piece. */
  pieces: string[];
  /** Whether a stop string follows the text, which ends the answer. */
  stopped: boolean;
}

/** The text of one answer. */
export class AnswerText {
  readonly #detokenizer: Detokenizer;
  readonly #reader: AnswerReader;

  constructor(tokenizer: Pick<Tokenizer, "bytes">, reader: AnswerReader) {
    this.#detokenizer = new Detokenizer(tokenizer);
    this.#reader = reader;
  }

  /** The stop string that ended the answer, if one has. */
  get stop(): string | undefined {
    return this.#reader.found;
  }

  /** Adds tokens, up to a stop string. With `last`, no text is held back. */
  push(tokens: Iterable<number>, { last }: { last: boolean }): AnswerPart {
    const part: AnswerPart = {
      text: "",
      calls: [],
      written: "",
      pieces: [],
      stopped: false,
    };
    for (const token of tokens) {
      const text = this.#detokenizer.push([token]);
      part.pieces.push(add(part, this.#reader.push(text)));
      if (part.stopped) return part;
    }
    if (!last) return part;
    let rest = add(part, this.#reader.push(this.#detokenizer.flush()));
    if (!part.stopped) rest += add(part, this.#reader.flush());
    if (part.pieces.length > 0) part.pieces.push(part.pieces.pop() + rest);
    return part;
  }
}

/** Adds a reading to a part; returns what was written of it. */
function add(part: AnswerPart, reading: Reading): string {
  const { text, calls = [], written = text, stopped } = reading;
  part.text += text;
  for (const call of calls) {
    const last = part.calls.at(-1);
    if (call.type === "arguments" && last?.type === "arguments") {
      const text = last.text + call.text;
      part.calls[part.calls.length - 1] = { ...call, text };
    } else part.calls.push(call);
  }
  part.written += written;
  part.stopped = stopped;
  return written;
}
