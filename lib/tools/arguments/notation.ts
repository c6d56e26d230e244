/**
 * The port of a notation for the arguments of calls, and the notation that most models
 * have learned: JSON.
 *
 * @module
 */

import { argumentSchema } from "./argument_schema.ts";
import type { Tool } from "../tool.ts";

/** How the arguments of a call are written. */
export interface ArgumentNotation {
  /** The character that arguments begin with, or what follows where there are none. */
  start: string;
  /** Returns a reader of the arguments of one call. */
  read(tool: Tool): ArgumentReader;
  /** Returns Lark rules of a tool's arguments; the first has this name. */
  rules(tool: Tool, options: RuleOptions): string[];
}

/** What rules depend on besides the tool. */
export interface RuleOptions {
  /** The name of the first rule, with which the names of all begin. */
  rule: string;
  /** Writes a text in Lark, control tokens by id. */
  write: (text: string) => string;
}

/** Turns arguments into JSON while they stream. */
export interface ArgumentReader {
  /** Characters that have been added and are not in the JSON yet. */
  readonly held: number;
  /** Adds text; returns more of the JSON, and the text after arguments that ended. */
  push(text: string): { json: string; rest?: string };
  /** Ends arguments that are cut off; returns what was held back of them. */
  flush(): string;
}

/** One JSON object. */
export const JSON_ARGUMENTS: ArgumentNotation = {
  start: "{",
  read: () => new ObjectReader(),
  rules: (tool, { rule }) => [
    `${rule}: %json ${JSON.stringify(argumentSchema(tool))}`,
  ],
};

/** Follows the brackets of one object, outside of its strings. */
class ObjectReader implements ArgumentReader {
  readonly held = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  push(text: string): { json: string; rest?: string } {
    for (let at = 0; at < text.length; at++) {
      if (!this.#ends(text[at])) continue;
      return { json: text.slice(0, at + 1), rest: text.slice(at + 1) };
    }
    return { json: text };
  }

  flush(): string {
    return "";
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

/** Returns a text as it is inside the quotes of a JSON string. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * Returns the name that a text begins with, before a separator: of the known names that
 * contain the separator the longest, else all before the first separator.
 *
 * @returns nothing if it depends on more text.
 */
export function nameBefore(
  separator: string,
  text: string,
  known: readonly string[],
): string | undefined {
  const odd = known.filter((name) => name.includes(separator))
    .map((name) => name + separator);
  if (odd.some((name) => name !== text && name.startsWith(text))) {
    return undefined;
  }
  const [longest] = odd.filter((name) => text.startsWith(name))
    .sort((a, b) => b.length - a.length);
  const end = longest?.length ?? text.indexOf(separator) + separator.length;
  return end < separator.length
    ? undefined
    : text.slice(0, end - separator.length);
}
