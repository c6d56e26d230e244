/**
 * The grammar of arguments as FunctionGemma writes them.
 *
 * @module
 */

import { resolve } from "../../grammar/endless.ts";
import type { Tool } from "../tool.ts";
import { valueSchema, withoutNotes } from "./argument_schema.ts";
import type { RuleOptions } from "./notation.ts";

/** The control token around texts. */
export const ESCAPE = "<escape>";

type Schema = Record<string, unknown>;

/** Writes the rules of one tool: types, names, choices, and the lengths of texts. */
export class GemmaRules {
  readonly #tool: Tool;
  readonly #options: RuleOptions;
  readonly #rules: string[] = [];
  /** Rules by what refers to them, such as `#/$defs/place`. */
  readonly #named = new Map<string, string>();

  constructor(tool: Tool, options: RuleOptions) {
    this.#tool = tool;
    this.#options = options;
  }

  /** Returns all rules, that of the whole arguments first. */
  all(): string[] {
    const { parameters = {} } = this.#tool;
    const { properties = {}, required } = withoutNotes(parameters) as Schema;
    const whole = this.#fields({ properties, required });
    return [`${this.#options.rule}: ${whole}`, ...this.#rules];
  }

  /** Adds a rule, and returns its name. */
  #add(write: (name: string) => string, attribute = ""): string {
    const at = this.#rules.push("") - 1;
    const name = `${this.#options.rule}_${at}`;
    this.#rules[at] = `${name}${attribute}: ${write(name)}`;
    return name;
  }

  /** Returns the rule of a key, which is made once. */
  #once(key: string, write: () => string): string {
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    return this.#add((name) => {
      this.#named.set(key, name); // it may refer to itself
      return write();
    });
  }

  #value(value: unknown): string {
    if (typeof value !== "object" || value === null) return this.#any();
    const schema = value as Schema;
    const { $ref, enum: all, anyOf, oneOf, type } = schema;
    const options = anyOf ?? oneOf;
    if (typeof $ref === "string") return this.#reference($ref);
    if ("const" in schema) return this.#literal(schema.const);
    if (Array.isArray(all)) return either(all.map((v) => this.#literal(v)));
    if (Array.isArray(options)) {
      return either(options.map((option) => this.#value(option)));
    }
    if (Array.isArray(type)) {
      const types = [...new Set(type)]; // each writes the fields again
      return either(types.map((type) => this.#value({ ...schema, type })));
    }
    switch (type) {
      case "string":
        return this.#text(schema);
      case "array":
        return this.#array(schema);
      case "object":
        return "properties" in schema ? this.#fields(schema) : this.#map();
      case undefined:
        return this.#any();
      default:
        return `%json ${JSON.stringify(valueSchema(schema, this.#tool))}`;
    }
  }

  #reference($ref: string): string {
    const target = resolve($ref, withoutNotes(this.#tool.parameters));
    return this.#once($ref, () => this.#value(target));
  }

  #literal(value: unknown): string {
    const escape = this.#options.write(ESCAPE);
    if (typeof value === "string") {
      const text = value === "" ? "" : JSON.stringify(value);
      return `${escape} ${text} ${escape}`;
    }
    if (typeof value !== "object" || value === null) {
      return JSON.stringify(JSON.stringify(value));
    }
    const items = Object.entries(value).map(([key, item]) =>
      Array.isArray(value)
        ? this.#literal(item)
        : `${JSON.stringify(`${key}:`)} ${this.#literal(item)}`
    );
    const commas = items.join(' "," ');
    return Array.isArray(value) ? `"[" ${commas} "]"` : `"{" ${commas} "}"`;
  }

  #text({ minLength = 0, maxLength = "" }: Schema): string {
    const escape = this.#options.write(ESCAPE);
    const text = `/(.|\\n){${minLength},${maxLength}}/`;
    if (!escape.startsWith("<")) {
      return `${escape} ${this.#add(() => `${text} ${escape}`, "[lazy]")}`;
    }
    if (maxLength === 0) return `${escape} ${escape}`;
    return minLength === 0
      ? `${escape} (/(.|\\n){1,${maxLength}}/)? ${escape}`
      : `${escape} ${text} ${escape}`;
  }

  #array({ prefixItems, items, minItems = 0, maxItems }: Schema): string {
    if (Array.isArray(prefixItems)) {
      const all = prefixItems.map((item) => this.#value(item));
      return `"[" ${all.join(' "," ')} "]"`;
    }
    const item = this.#add(() => this.#value(items));
    const [least, most] = [Number(minItems), Number(maxItems ?? Infinity)];
    if (most === 0) return '"[]"';
    const limit = most === Infinity ? "" : most - 1;
    const more = `("," ${item}){${Math.max(0, least - 1)},${limit}}`;
    return least > 0 ? `"[" ${item} ${more} "]"` : `"[" (${item} ${more})? "]"`;
  }

  /** Returns the rule of an object with these fields, in their order. */
  #fields({ properties, required }: Schema): string {
    const needed = Array.isArray(required) ? required : [];
    const names = Object.entries(Object(properties)).reverse();
    // What may come after a field, and what may come where no field has been.
    let tail = "", head = "";
    for (const [name, schema] of names) {
      const field = this.#add(() =>
        `${JSON.stringify(`${name}:`)} ${this.#value(schema)}`
      );
      const isNeeded = needed.includes(name);
      const first = `${field} ${tail}`;
      if (isNeeded) head = first;
      else head = head === "" ? `(${first})?` : `(${first} | ${head})`;
      const next = `"," ${field}`;
      const after = tail;
      tail = this.#add(() => `${isNeeded ? next : `(${next})?`} ${after}`);
    }
    return `"{" ${head} "}"`;
  }

  /** Returns the rule of an object with any fields. */
  #map(): string {
    return this.#once("{}", () => {
      const field = `/[A-Za-z_][A-Za-z0-9_]*/ ":" ${this.#any()}`;
      return `"{" (${field} ("," ${field})*)? "}"`;
    });
  }

  #any(): string {
    return this.#once("any", () => {
      return either([
        this.#text({}),
        this.#value({ type: "number" }),
        '"true"',
        '"false"',
        '"null"',
        this.#array({}),
        this.#map(),
      ]);
    });
  }
}

function either(options: string[]): string {
  return `(${options.join(" | ")})`;
}
