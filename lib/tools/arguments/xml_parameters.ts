/**
 * Arguments as Qwen3-Coder writes them: a tag for each, with its value as it is if it is
 * a text, and as JSON if it is not.
 *
 * @module
 */

import { valueSchema, withoutNotes } from "./argument_schema.ts";
import {
  type ArgumentNotation,
  type ArgumentReader,
  escaped,
  nameBefore,
  type RuleOptions,
} from "./notation.ts";
import type { Tool } from "../tool.ts";

const OPEN = "<parameter=", CLOSE = "</parameter>", END = "</function>";

/** Characters of an argument's name at most. */
const MOST_NAME = 256;

/** Keywords of texts that are written as they are. */
const OF_TEXT = new Set(["type", "enum", "const", "minLength", "maxLength"]);

/** Tags such as `<parameter=city>`, with a line for the value. */
export const XML_PARAMETERS: ArgumentNotation = {
  start: "<",
  read: (tool) => new ParameterReader(schemasOf(tool)),
  rules,
};

type Schema = Record<string, unknown>;

/** Returns the schemas of the arguments, by their names. */
function schemasOf({ parameters = {} }: Tool): Map<string, Schema> {
  const { properties } = withoutNotes(parameters) as Schema;
  return new Map(
    Object.entries(properties ?? {}).map(([name, schema]) => [
      name,
      typeof schema === "boolean" ? { ...!schema && { enum: [] } } : schema,
    ]),
  );
}

/** Returns whether the values of a schema are texts that are written as they are. */
function isText(schema: Schema | null): boolean {
  if (schema === null) return false;
  const { type, enum: all, const: one } = schema;
  const values = Array.isArray(all) ? all : [one];
  const isFree = type === "string" && !("enum" in schema || "const" in schema);
  return Object.keys(schema).every((keyword) => OF_TEXT.has(keyword)) &&
    (isFree ||
      values.length > 0 &&
        values.every((value) =>
          typeof value === "string" && !value.includes(CLOSE)
        ));
}

function rules(tool: Tool, { rule }: RuleOptions): string[] {
  const { required = [] } = tool.parameters ?? {};
  const needed = Array.isArray(required) ? required : [];
  const written = [...schemasOf(tool)].map(([name, schema], i) => {
    const open = JSON.stringify(`${OPEN}${name}>\n`);
    const close = JSON.stringify(`\n${CLOSE}`);
    return {
      use: `${rule}_${i}${needed.includes(name) ? "" : "?"}`,
      rules: [
        `${rule}_${i}: ${open} ${rule}_${i}_value "\\n"`,
        isText(schema)
          ? textRule(`${rule}_${i}_value`, schema, close)
          : `${rule}_${i}_value: %json ${
            JSON.stringify(valueSchema(schema, tool))
          } ${close}`,
      ],
    };
  });
  return [
    `${rule}: ${written.map(({ use }) => use).join(" ")}`,
    ...written.flatMap(({ rules }) => rules),
  ];
}

/** Writes the rule of a text, up to the first tag that closes it. */
function textRule(
  rule: string,
  { enum: all, const: one, minLength = 0, maxLength = "" }: Schema,
  close: string,
): string {
  const values = Array.isArray(all) ? all : one === undefined ? [] : [one];
  if (values.length > 0) {
    const texts = values.map((value) => JSON.stringify(value));
    return `${rule}: (${texts.join(" | ")}) ${close}`;
  }
  return `${rule}[lazy]: /(.|\\n){${minLength},${maxLength}}/ ${close}`;
}

/** Writes parameters as one JSON object. */
class ParameterReader implements ArgumentReader {
  readonly #schemas: ReadonlyMap<string, Schema>;
  #held = "";
  #count = 0;
  /** What is read: tags, the end of a line, a text, or a value that is JSON. */
  #at: "tags" | "line" | "text" | "json" | "nothing" = "tags";
  #isText = false;

  constructor(schemas: ReadonlyMap<string, Schema>) {
    this.#schemas = schemas;
  }

  get held(): number {
    return this.#held.length;
  }

  push(text: string): { json: string; rest?: string } {
    this.#held += text;
    let json = "";
    for (;;) {
      const more = this.#step();
      if (more === undefined) return { json };
      json += more;
      if (this.#at !== "nothing") continue;
      const rest = this.#held;
      this.#held = "";
      return { json, rest };
    }
  }

  flush(): string {
    const held = this.#held;
    this.#held = "";
    return this.#at === "text" ? escaped(held) : "";
  }

  /** Reads on; returns more of the JSON, or nothing without more text. */
  #step(): string | undefined {
    switch (this.#at) {
      case "tags":
        return this.#readTag();
      case "line":
        if (this.#held === "") return undefined;
        if (this.#held.startsWith("\n")) this.#held = this.#held.slice(1);
        this.#at = this.#isText ? "text" : "json";
        return this.#isText ? '"' : "";
      case "text":
        return this.#readText();
      case "json":
        return this.#readJson();
      case "nothing":
        return undefined;
    }
  }

  #readTag(): string | undefined {
    const held = this.#held.trimStart();
    const name = held.startsWith(OPEN)
      ? nameBefore(">", held.slice(OPEN.length), [...this.#schemas.keys()])
      : undefined;
    const mayOpen = OPEN.startsWith(held.slice(0, OPEN.length)) &&
      held.length < MOST_NAME;
    if (name !== undefined) {
      this.#held = held.slice(OPEN.length + name.length + 1);
      this.#isText = isText(this.#schemas.get(name) ?? { type: "string" });
      this.#at = "line";
      const before = this.#count++ === 0 ? "{" : ", ";
      return `${before}${JSON.stringify(name)}: `;
    }
    if (mayOpen || END.startsWith(held) && held !== END) return undefined;
    this.#held = held;
    this.#at = "nothing";
    return this.#count === 0 ? "{}" : "}";
  }

  #readText(): string | undefined {
    const end = this.#held.indexOf(CLOSE);
    if (end >= 0) {
      const value = this.#take(end);
      this.#at = "tags";
      return `${escaped(value)}"`;
    }
    const close = `\n${CLOSE}`;
    let start = Math.max(0, this.#held.length - close.length);
    const mayClose = () => {
      const rest = this.#held.slice(start);
      return close.startsWith(rest) || CLOSE.startsWith(rest);
    };
    while (!mayClose()) start++;
    const value = this.#held.slice(0, start);
    this.#held = this.#held.slice(start);
    return value === "" ? undefined : escaped(value);
  }

  /** Reads up to a tag before which all is JSON, as the tag may be in a text of it. */
  #readJson(): string | undefined {
    let end = this.#held.indexOf(CLOSE);
    while (end >= 0 && !isJson(this.#held.slice(0, end))) {
      end = this.#held.indexOf(CLOSE, end + 1);
    }
    if (end < 0) return undefined;
    this.#at = "tags";
    return this.#take(end).trim();
  }

  /** Takes a value, and the tag that closes it. */
  #take(end: number): string {
    const value = this.#held.slice(0, end).replace(/\n$/, "");
    this.#held = this.#held.slice(end + CLOSE.length);
    return value;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
