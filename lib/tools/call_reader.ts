/**
 * Finds calls in the text of an answer while it streams. Text is held back only while
 * it may be the beginning of a call; what turns out not to be one is text. White space
 * beside a call belongs to neither.
 *
 * @module
 */

import type { ArgumentNotation, ArgumentReader } from "./arguments/notation.ts";
import { Pattern } from "./pattern.ts";
import type { Tool, ToolPart } from "./tool.ts";

/** How calls are written. */
export interface CallSyntax {
  /** The text before the first call. */
  before: string;
  /** A call, up to its arguments. */
  open: string;
  /** How its arguments are written. */
  notation: ArgumentNotation;
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
    const followedBy = syntax.notation.start;
    this.first = new Pattern(lead + before + open, { followedBy });
    this.next = new Pattern(` ${between}${open}`, { followedBy });
    this.close = new Pattern(` ${close}`);
    this.after = new Pattern(` ${after}`);
    this.leading = leading;
    this.mark = (before + open)[0];
  }
}

/** Reads one answer. */
export class CallReader {
  readonly #patterns: CallPatterns;
  readonly #notation: ArgumentNotation;
  readonly #tools: ReadonlyMap<string, Tool>;
  /** Text that is not read yet. */
  #held = "";
  #at: "text" | "arguments" | "close" | "after" = "text";
  #calls = 0;
  /** Whether text has followed the last call, or the start. */
  #inText = false;
  /** Reads the arguments of the last call. */
  #arguments: ArgumentReader | undefined;
  #parts: ToolPart[] = [];

  /** @param tools that may be called; a call of any other is text. */
  constructor(
    { patterns, notation }: { patterns: CallPatterns } & CallSyntax,
    tools: readonly Tool[],
  ) {
    this.#patterns = patterns;
    this.#notation = notation;
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
  }

  /** Characters that have been added and are neither text nor part of a call yet. */
  get held(): number {
    return this.#held.length + (this.#arguments?.held ?? 0);
  }

  /** Adds text and returns what has become certain. */
  push(text: string): ToolPart[] {
    this.#held += text;
    return this.#read(false);
  }

  /** Ends the text and returns the rest of it. */
  flush(): ToolPart[] {
    const parts = this.#read(true);
    const text = this.#at === "arguments" ? this.#arguments!.flush() : "";
    return text === "" ? parts : [...parts, { type: "arguments", text }];
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
    const { json, rest } = this.#arguments!.push(this.#held);
    if (json !== "") this.#parts.push({ type: "arguments", text: json });
    this.#held = rest ?? "";
    if (rest !== undefined) this.#at = "close";
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
    const tool = match && this.#tools.get(match.name);
    if (!match || !tool) return false;
    const call = this.#held.slice(at + match.length);
    this.#say(this.#held.slice(0, at).trimEnd().length);
    this.#held = call;
    this.#parts.push({ type: "call", name: match.name });
    this.#calls++;
    this.#inText = false;
    this.#arguments = this.#notation.read(tool);
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
