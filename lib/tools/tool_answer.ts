/**
 * Splits the text of an answer into what the reader sees and the calls of tools. Stop
 * strings are searched for in what the reader sees.
 *
 * @module
 */

import type { AnswerReader, Reading } from "../text/answer_text.ts";
import type { Cut, StopStrings } from "../text/stop_strings.ts";
import { CallReader } from "./call_reader.ts";
import type { CallPart, ToolPart, ToolUse } from "./tool.ts";
import type { ToolFormat } from "./tool_format.ts";

const NOTHING: Cut = { text: "", stopped: false };

/** One answer that may have calls. */
export class ToolAnswer implements AnswerReader {
  readonly #reader: CallReader;
  readonly #stops: StopStrings;
  #calls = 0;
  /** What was written and has not become certain. */
  #written = "";

  /** @param stops searches the text outside of calls. */
  constructor(
    format: ToolFormat,
    { tools, callable }: Pick<ToolUse, "tools" | "callable">,
    stops: StopStrings,
  ) {
    const called = tools.filter(({ name }) => callable.includes(name));
    this.#reader = new CallReader(format, called);
    this.#stops = stops;
  }

  get found(): string | undefined {
    return this.#stops.found;
  }

  push(text: string): Reading {
    this.#written += text;
    return this.#read(this.#reader.push(text), { last: false });
  }

  flush(): Reading {
    return this.#read(this.#reader.flush(), { last: true });
  }

  #read(parts: ToolPart[], { last }: { last: boolean }): Reading {
    const calls: CallPart[] = [];
    let text = "";
    let stopped = false;
    for (const part of parts) {
      const cut = this.#cut(part);
      text += cut.text;
      stopped = cut.stopped;
      if (stopped) break;
      if (part.type === "call") this.#calls++;
      if (part.type !== "text") calls.push({ ...part, index: this.#calls - 1 });
    }
    if (last && !stopped) {
      const cut = this.#stops.flush();
      text += cut.text;
      stopped = cut.stopped;
    }
    const held = this.#reader.held + this.#stops.held;
    const written = this.#written.slice(0, this.#written.length - held);
    this.#written = this.#written.slice(written.length);
    return { text, calls, written, stopped };
  }

  /** Searches the text of a part, or ends the text before a call. */
  #cut(part: ToolPart): Cut {
    if (part.type === "text") return this.#stops.push(part.text);
    return part.type === "call" ? this.#stops.flush() : NOTHING;
  }
}
