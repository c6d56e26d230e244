/**
 * Finds calls in the text of an answer while it streams. Text is held back only while
 * it may be the beginning of a call; what turns out not to be one is text. White space
 * beside a call belongs to neither.
 *
 * @module
 */

import { Pattern } from "./pattern.ts";
import type { ToolPart } from "./tool.ts";

/** How calls with JSON arguments are written. */
export interface CallSyntax {
  /** The text before the first call. */
  before: string;
  /** A call, up to its arguments. */
  open: string;
  /** The rest of a call, after its arguments. */
  close: string;
  /** The text between two calls. */
  between: string;
  /** The text after the last call. */
  after: string;
  /** Whether an answer with calls has no text before them. */
  leading: boolean;
}

/** The patterns of a syntax. */
export class CallPatterns {
  readonly first: Pattern;
  readonly next: Pattern;
  readonly close: Pattern;
  readonly after: Pattern;
  readonly leading: boolean;
  /** The character that every first call begins with. */
  readonly mark: string;

  /** Prepares a syntax for readers. */
  constructor(syntax: CallSyntax) {
    const { before, open, close, between, after, leading } = syntax;
    const lead = leading ? " " : "";
    this.first = new Pattern(lead + before + open, { followedBy: "{" });
    this.next = new Pattern(` ${between}${open}`, { followedBy: "{" });
    this.close = new Pattern(` ${close}`);
    this.after = new Pattern(` ${after}`);
    this.leading = leading;
    this.mark = (before + open)[0];
  }
}

/** Reads one answer. */
export class CallReader {
  readonly #patterns: CallPatterns;
  readonly #names: ReadonlySet<string>;
  /** Text that is not read yet. */
  #held = "";
  #at: "text" | "arguments" | "close" | "after" = "text";
  #calls = 0;
  /** Whether text has followed the last call, or the start. */
  #inText = false;
  readonly #object = new ObjectEnd();
  #parts: ToolPart[] = [];

  /** @param names of the tools; a call of any other is text. */
  constructor(patterns: CallPatterns, names: Iterable<string>) {
    this.#patterns = patterns;
    this.#names = new Set(names);
  }

  /** Adds text and returns what has become certain. */
  push(text: string): ToolPart[] {
    this.#held += text;
    return this.#read(false);
  }

  /** Ends the text and returns the rest of it. */
  flush(): ToolPart[] {
    return this.#read(true);
  }

  #read(last: boolean): ToolPart[] {
    this.#parts = [];
    while (this.#held !== "" && this.#step(last));
    return this.#parts;
  }

  /** Reads on; returns whether the rest can be read without more text. */
  #step(last: boolean): boolean {
    switch (this.#at) {
      case "text":
        return this.#readText(last);
      case "arguments":
        return this.#readArguments();
      case "close":
        return this.#readClose(last);
      case "after":
        return this.#readAfter(last);
    }
  }

  #readText(last: boolean): boolean {
    const { first } = this.#patterns;
    const afterCall = this.#calls > 0 && !this.#inText;
    if (afterCall) this.#held = this.#held.trimStart();
    for (const at of this.#candidates()) {
      const rest = this.#held.slice(at);
      if (this.#open(first, at)) return true;
      if (last || !first.mayBegin(rest)) continue;
      this.#say(this.#held.slice(0, at).trimEnd().length);
      return false;
    }
    this.#say((last ? this.#held : this.#held.trimEnd()).length);
    return false;
  }

  /** Lists where a first call may begin. */
  #candidates(): number[] {
    const { leading, mark } = this.#patterns;
    if (leading) return this.#inText || this.#calls > 0 ? [] : [0];
    const places: number[] = [];
    let at = this.#held.indexOf(mark);
    for (; at >= 0; at = this.#held.indexOf(mark, at + 1)) places.push(at);
    return places;
  }

  #readArguments(): boolean {
    const end = this.#object.push(this.#held);
    const text = this.#held.slice(0, end);
    this.#parts.push({ type: "arguments", text });
    this.#held = this.#held.slice(text.length);
    if (end !== undefined) this.#at = "close";
    return true;
  }

  #readClose(last: boolean): boolean {
    const { close } = this.#patterns;
    const match = close.match(this.#held);
    if (!match && !last && close.mayBegin(this.#held)) return false;
    // An unfinished end is dropped as far as it goes.
    const length = match?.length ?? /^\s*\}?/.exec(this.#held)![0].length;
    this.#held = this.#held.slice(length);
    this.#at = "after";
    return true;
  }

  #readAfter(last: boolean): boolean {
    const { next, after } = this.#patterns;
    if (this.#open(next, 0)) return true;
    if (!last && next.mayBegin(this.#held)) return false;
    const match = after.match(this.#held);
    if (!match && !last && after.mayBegin(this.#held)) return false;
    this.#held = this.#held.slice(match?.length ?? 0);
    this.#at = "text";
    return true;
  }

  /** Begins a call, if one is written at a place of the held text. */
  #open(pattern: Pattern, at: number): boolean {
    const match = pattern.match(this.#held.slice(at));
    if (!match || !this.#names.has(match.name)) return false;
    const call = this.#held.slice(at + match.length);
    this.#say(this.#held.slice(0, at).trimEnd().length);
    this.#held = call;
    this.#parts.push({ type: "call", name: match.name });
    this.#calls++;
    this.#inText = false;
    this.#object.reset();
    this.#at = "arguments";
    return true;
  }

  /** Shows the first characters of the held text. */
  #say(length: number): void {
    if (length === 0) return;
    const text = this.#held.slice(0, length);
    this.#parts.push({ type: "text", text });
    this.#held = this.#held.slice(length);
    this.#inText = true;
  }
}

/** Follows the brackets of one object, outside of its strings. */
class ObjectEnd {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Begins with another object. */
  reset(): void {
    this.#depth = 0;
    this.#inString = this.#escaped = false;
  }

  /** Adds text; returns its length up to the object's end, if that is in it. */
  push(text: string): number | undefined {
    for (let at = 0; at < text.length; at++) {
      if (this.#ends(text[at])) return at + 1;
    }
    return undefined;
  }

  #ends(character: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (character === '"') this.#inString = !this.#inString;
    else if (this.#inString) this.#escaped = character === "\\";
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") return --this.#depth === 0;
    return false;
  }
}
