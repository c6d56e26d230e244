/**
 * Writes calls as each format has them.
 *
 * @module
 */

import {
  GEMMA,
  HERMES,
  LLAMA,
  MISTRAL,
  MISTRAL_ARGS,
  QWEN_CODER,
  type ToolFormat,
} from "../../lib/tools/tool_format.ts";

/** The formats whose arguments are JSON. */
export const JSON_FORMATS = [HERMES, LLAMA, MISTRAL, MISTRAL_ARGS];

/** All formats. */
export const FORMATS = [...JSON_FORMATS, QWEN_CODER, GEMMA];

/** A tool's name and its arguments as JSON. */
export type Call = [name: string, json: string];

/** Writes calls, and what is around them. */
export function write(format: ToolFormat, calls: Call[]): string {
  const { before, open, close, between, after } = format;
  const written = calls.map(([name, json]) =>
    open.replace("$name", name) + writeArguments(format, json) + close
  );
  return before + written.join(between) + after;
}

function writeArguments(format: ToolFormat, json: string): string {
  switch (format) {
    case QWEN_CODER:
      return Object.entries(JSON.parse(json)).map(([name, value]) => {
        const text = typeof value === "string" ? value : JSON.stringify(value);
        return `<parameter=${name}>\n${text}\n</parameter>\n`;
      }).join("");
    case GEMMA:
      return writeGemma(JSON.parse(json));
    default:
      return json;
  }
}

function writeGemma(value: unknown): string {
  if (typeof value === "string") return `<escape>${value}<escape>`;
  if (Array.isArray(value)) return `[${value.map(writeGemma).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value);
  return `{${fields.map(([k, v]) => `${k}:${writeGemma(v)}`).join(",")}}`;
}
