/**
 * The grammar that an answer follows: the one of the request, the one of its tools, or
 * one of both.
 *
 * @module
 */

import type { Grammar } from "../grammar/grammar.ts";
import { compactSchema } from "../grammar/notation.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { callGrammar } from "../tools/call_grammar.ts";
import type { ToolFormat } from "../tools/tool_format.ts";
import { ApiError } from "./errors.ts";
import type { GenerationRequest } from "./generation.ts";

/**
 * Returns the grammar of a request's answer, if it has one.
 *
 * @throws {ApiError} 400 if the request's own grammar leaves no room for calls.
 */
export function answerGrammar(
  { tools, grammar }: GenerationRequest,
  format: ToolFormat,
  tokenizer: Pick<Tokenizer, "controlId">,
): Grammar | undefined {
  if (tools === undefined) return grammar;
  const options = {
    control: (spelling: string) => tokenizer.controlId(spelling),
    ...grammar && !tools.required && { answer: toLark(grammar) },
  };
  return { type: "lark", grammar: callGrammar(tools, format, options) };
}

/** A grammar to check, and the parameter that it comes from. */
export interface GrammarSource {
  grammar: Grammar;
  param: string;
}

/**
 * Lists what a request's grammar consists of, and the grammar itself last: errors name
 * the smallest part that is wrong.
 */
export function grammarSources(
  { tools, grammar, grammarParam: param = "grammar" }: GenerationRequest,
  answer: Grammar | undefined,
): GrammarSource[] {
  const own = grammar ? [{ grammar, param }] : [];
  if (tools === undefined || answer === undefined) return own;
  const strict = tools.tools.flatMap(({ strict, parameters }, i) =>
    strict && parameters
      ? [{
        grammar: { type: "json_schema" as const, schema: parameters },
        param: `tools[${i}].function.parameters`,
      }]
      : []
  );
  return [...own, ...strict, { grammar: answer, param: "tools" }];
}

/** Writes the JSON that may stand in place of calls. */
function toLark(grammar: Grammar): string {
  switch (grammar.type) {
    case "json_object":
      return `%json ${JSON.stringify(compactSchema({ type: "object" }))}`;
    case "json_schema":
      return `%json ${JSON.stringify(compactSchema(grammar.schema))}`;
    default:
      throw new ApiError(
        400,
        `Cannot choose between a call and an answer: with tools, the answer must be text or JSON: received a grammar of the type ${grammar.type}`,
        { param: "tools" },
      );
  }
}
