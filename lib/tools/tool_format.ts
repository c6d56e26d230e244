/**
 * How the families of models write calls. A model's chat template shows which format
 * its model has learned. A template that knows no tools gets the format of Hermes, and
 * a system text that describes it.
 *
 * @module
 */

import { GEMMA_ARGUMENTS } from "./arguments/gemma_arguments.ts";
import { JSON_ARGUMENTS } from "./arguments/notation.ts";
import { XML_PARAMETERS } from "./arguments/xml_parameters.ts";
import { CallPatterns, type CallSyntax } from "./call_reader.ts";
import type { Tool } from "./tool.ts";

/** A way to write calls. */
export interface ToolFormat extends CallSyntax {
  name:
    | "hermes"
    | "qwen-coder"
    | "llama"
    | "mistral"
    | "mistral-args"
    | "gemma";
  /** Control tokens that calls are written with, in vocabularies that have them. */
  controls: string[];
  /** What begins a call: `before` and `open` begin with it. */
  trigger: string;
  /** A control token that may come before a call, and is no part of any text. */
  tag?: string;
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
  notation: JSON_ARGUMENTS,
  close: "}\n</tool_call>",
  between: "\n",
  after: "",
  leading: false,
});

/** Qwen3-Coder: a tag for each argument. */
export const QWEN_CODER: ToolFormat = format({
  name: "qwen-coder",
  controls: ["<tool_call>", "</tool_call>"],
  trigger: "<tool_call>",
  before: "",
  open: "<tool_call>\n<function=$name>\n",
  notation: XML_PARAMETERS,
  close: "</function>\n</tool_call>",
  between: "\n",
  after: "",
  leading: false,
});

/** Llama 3: the answer is a JSON object. */
export const LLAMA: ToolFormat = format({
  name: "llama",
  controls: [],
  tag: "<|python_tag|>",
  trigger: "{",
  before: "",
  open: '{"name": "$name", "parameters": ',
  notation: JSON_ARGUMENTS,
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
  notation: JSON_ARGUMENTS,
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
  notation: JSON_ARGUMENTS,
  close: "",
  between: "",
  after: "",
  leading: false,
});

/** FunctionGemma: control tokens around calls, and around the texts in them. */
export const GEMMA: ToolFormat = format({
  name: "gemma",
  controls: [
    "<start_function_call>",
    "<end_function_call>",
    "<escape>",
    "<start_function_response>",
  ],
  trigger: "<start_function_call>",
  before: "",
  open: "<start_function_call>call:$name",
  notation: GEMMA_ARGUMENTS,
  close: "<end_function_call>",
  between: "",
  after: "<start_function_response>",
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
  if (template.includes("<start_function_call>")) return GEMMA;
  if (template.includes("<parameter=")) return QWEN_CODER;
  if (template.includes("<tool_call>")) return HERMES;
  return template.includes('"parameters": ') ? LLAMA : HERMES;
}

function format(syntax: Omit<ToolFormat, "patterns">): ToolFormat {
  return { ...syntax, patterns: new CallPatterns(syntax) };
}
