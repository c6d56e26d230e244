/**
 * How the families of models write calls. A model's chat template shows which format
 * its model has learned. A template that knows no tools gets the format of Hermes, and
 * a system text that describes it.
 *
 * @module
 */

import { CallPatterns, type CallSyntax } from "./call_reader.ts";
import type { Tool } from "./tool.ts";

/** A way to write calls. */
export interface ToolFormat extends CallSyntax {
  name: "hermes" | "llama" | "mistral" | "mistral-args";
  /** Control tokens that calls are written with, in vocabularies that have them. */
  controls: string[];
  /** What begins a call: `before` and `open` begin with it. */
  trigger: string;
  /** Prepared for readers. */
  patterns: CallPatterns;
}

/** Hermes, Qwen, SmolLM: JSON between tags. */
export const HERMES: ToolFormat = format({
  name: "hermes",
  controls: ["<tool_call>", "</tool_call>"],
  trigger: "<tool_call>",
  before: "",
  open: '<tool_call>\n{"name": "$name", "arguments": ',
  close: "}\n</tool_call>",
  between: "\n",
  after: "",
  leading: false,
});

/** Llama 3: the answer is a JSON object. */
export const LLAMA: ToolFormat = format({
  name: "llama",
  controls: [],
  trigger: "{",
  before: "",
  open: '{"name": "$name", "parameters": ',
  close: "}",
  between: "; ",
  after: "",
  leading: true,
});

/** Mistral: a JSON array after a control token. */
export const MISTRAL: ToolFormat = format({
  name: "mistral",
  controls: ["[TOOL_CALLS]"],
  trigger: "[TOOL_CALLS]",
  before: "[TOOL_CALLS] [",
  open: '{"name": "$name", "arguments": ',
  close: "}",
  between: ", ",
  after: "]",
  leading: false,
});

/** Newer Mistral models: a control token before the name and before the arguments. */
export const MISTRAL_ARGS: ToolFormat = format({
  name: "mistral-args",
  controls: ["[TOOL_CALLS]", "[ARGS]"],
  trigger: "[TOOL_CALLS]",
  before: "",
  open: "[TOOL_CALLS]$name[ARGS]",
  close: "",
  between: "",
  after: "",
  leading: false,
});

/** Returns a tool as prompts describe it. */
export function functionOf(tool: Tool): Record<string, unknown> {
  const { name, description, parameters } = tool;
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: parameters ?? { type: "object", properties: {} },
  };
}

/** Returns whether a chat template renders tools. */
export function rendersTools(template: string): boolean {
  return /\btools\b/.test(template);
}

/** Returns the format that a chat template teaches. */
export function toolFormatOf(template = ""): ToolFormat {
  if (!rendersTools(template)) return HERMES;
  if (template.includes("[ARGS]")) return MISTRAL_ARGS;
  if (template.includes("[TOOL_CALLS]")) return MISTRAL;
  if (template.includes("<tool_call>")) return HERMES;
  return template.includes('"parameters": ') ? LLAMA : HERMES;
}

function format(syntax: Omit<ToolFormat, "patterns">): ToolFormat {
  return { ...syntax, patterns: new CallPatterns(syntax) };
}
