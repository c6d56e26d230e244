/**
 * Arguments as FunctionGemma writes them: an object without quotes, whose texts are
 * between control tokens.
 *
 * @module
 */

import { ESCAPE, GemmaRules } from "./gemma_rules.ts";
import {
  type ArgumentNotation,
  type ArgumentReader,
  escaped,
  nameBefore,
} from "./notation.ts";

/** Objects such as `{city:<escape>Bern<escape>,days:2}`. */
export const GEMMA_ARGUMENTS: ArgumentNotation = {
  start: "{",
  read: ({ parameters }) => new EscapedReader(keysIn(parameters)),
  rules: (tool, options) => new GemmaRules(tool, options).all(),
};

/** Writes an object in this notation as JSON. */
class EscapedReader implements ArgumentReader {
  readonly #keys: readonly string[];
  #held = "";
  /** Brackets that are open. */
  readonly #open: string[] = [];
  #at: "value" | "key" | "text" = "value";

  /** @param keys what the tool calls its arguments and their fields, and more. */
  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  get held(): number {
    return this.#held.length;
  }

  push(text: string): { json: string; rest?: string } {
    this.#held += text;
    let json = "";
    for (;;) {
      const more = this.#held === "" ? undefined : this.#step();
      if (more === undefined) return { json };
      json += more;
      if (this.#open.length > 0) continue;
      const rest = this.#take(this.#held.length);
      return { json, rest };
    }
  }

  flush(): string {
    const rest = this.#take(this.#held.length);
    return this.#at === "text" ? escaped(rest) : "";
  }

  /** Reads on; returns more of the JSON, or nothing without more text. */
  #step(): string | undefined {
    switch (this.#at) {
      case "value":
        return this.#readValue();
      case "key":
        return this.#readKey();
      case "text":
        return this.#readText();
    }
  }

  #readValue(): string | undefined {
    if (this.#held.startsWith(ESCAPE)) {
      this.#take(ESCAPE.length);
      this.#at = "text";
      return '"';
    }
    if (ESCAPE.startsWith(this.#held)) return undefined;
    const sign = this.#take(1);
    switch (sign) {
      case "{":
      case "[":
        this.#open.push(sign);
        if (sign === "{") this.#at = "key";
        return sign;
      case "}":
      case "]":
        this.#open.pop();
        return sign;
      case ",":
        if (this.#open.at(-1) === "{") this.#at = "key";
        return ", ";
      default:
        return sign.trim();
    }
  }

  #readKey(): string | undefined {
    const [{ length }] = /^\s*/.exec(this.#held)!;
    this.#take(length);
    if (this.#held.startsWith("}")) {
      this.#at = "value";
      return "";
    }
    const key = nameBefore(":", this.#held, this.#keys);
    if (key === undefined) return undefined;
    this.#take(key.length + 1);
    this.#at = "value";
    return `${JSON.stringify(key.replaceAll(ESCAPE, "").trim())}: `;
  }

  #readText(): string | undefined {
    const end = this.#held.indexOf(ESCAPE);
    if (end >= 0) {
      this.#at = "value";
      return `${escaped(this.#take(end + ESCAPE.length).slice(0, end))}"`;
    }
    let start = Math.max(0, this.#held.length - ESCAPE.length);
    while (!ESCAPE.startsWith(this.#held.slice(start))) start++;
    return start === 0 ? undefined : escaped(this.#take(start));
  }

  /** Takes characters off the held text. */
  #take(length: number): string {
    const taken = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return taken;
  }
}

/** Lists the keys of all objects in a value. */
function keysIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysIn)];
}
