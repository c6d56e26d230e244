/**
 * Splits the text of an answer into what the reader sees and the calls of tools.
 *
 * @module
 */

import { CallReader } from "./call_reader.ts";
import type { CallPart, ToolUse } from "./tool.ts";
import type { ToolFormat } from "./tool_format.ts";

/** What has become certain of an answer. */
export interface ReadAnswer {
  text: string;
  calls: CallPart[];
}

/** One answer that may have calls. */
export class ToolAnswer {
  readonly #reader: CallReader;
  #calls = 0;

  constructor(format: ToolFormat, { callable }: ToolUse) {
    this.#reader = new CallReader(format.patterns, callable);
  }

  /** Adds text. With `last`, nothing is held back. */
  push(text: string, { last }: { last: boolean }): ReadAnswer {
    const read: ReadAnswer = { text: "", calls: [] };
    const parts = this.#reader.push(text);
    if (last) parts.push(...this.#reader.flush());
    for (const part of parts) {
      if (part.type === "text") read.text += part.text;
      else {
        if (part.type === "call") this.#calls++;
        read.calls.push({ ...part, index: this.#calls - 1 });
      }
    }
    return read;
  }
}
