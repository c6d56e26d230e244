/**
 * The grammar of an answer with calls, in llguidance's Lark: text until a call begins,
 * then calls of tools whose arguments their schemas accept.
 *
 * @module
 */

import type { ToolUse } from "./tool.ts";
import type { ToolFormat } from "./tool_format.ts";
import { NAME } from "./pattern.ts";

/** The most calls in one answer: a small model may repeat itself. */
const MOST_CALLS = 16;

/** What a grammar of calls depends on besides the tools. */
export interface CallGrammarOptions {
  /** Returns the id of a control token, if the vocabulary has it. */
  control: (spelling: string) => number | undefined;
  /** The Lark of an answer without calls; any text unless given. */
  answer?: string;
}

/** Writes the grammar of the answers that a request allows. */
export function callGrammar(
  { tools, callable, required, parallel }: ToolUse,
  format: ToolFormat,
  { control, answer }: CallGrammarOptions,
): string {
  const { before, open, close, between, after, trigger, notation } = format;
  const write = (text: string) => writeText(text, format.controls, control);
  const called = tools.filter(({ name }) => callable.includes(name));
  const heads = called.map(({ name }, i) =>
    `${write(open.replace(NAME, name))} args_${i} ${write(close)}`
  );
  // The first call, after what begins it.
  const first = (before + open).slice(trigger.length);
  const firsts = called.map(({ name }, i) =>
    `${write(first.replace(NAME, name))} args_${i} ${write(close)}`
  );
  const more = parallel ? `(${write(between)} call){0,${MOST_CALLS - 1}}` : "";
  const calls = `first ${more} ${write(after)}`;
  const begin = write(trigger);
  const rules = [
    `first: ${firsts.join(" | ")}`,
    ...parallel ? [`call: ${heads.join(" | ")}`] : [],
    ...called.flatMap((tool, i) =>
      notation.rules(tool, { rule: `args_${i}`, write })
    ),
  ];
  if (required) return [`start: ${begin} ${calls}`, ...rules].join("\n");
  if (answer !== undefined) {
    const start = `start: answer | ${begin} ${calls}`;
    return [start, `answer: ${answer}`, ...rules].join("\n");
  }
  if (format.leading) {
    const tag = format.tag && control(format.tag);
    const start = `start: TEXT? | ${
      tag === undefined ? "" : `(<[${tag}]>)?`
    } ${begin} ${calls}`;
    return [start, String.raw`TEXT: /[^{](.|\n)*/`, ...rules].join("\n");
  }
  if (begin.startsWith("<")) {
    const start = `start: TEXT? (${begin} ${calls})?`;
    return [start, String.raw`TEXT: /(.|\n)+/`, ...rules].join("\n");
  }
  return [
    `start: TEXT | begin ${calls}`,
    `begin[lazy]: TEXT ${begin}`,
    String.raw`TEXT: /(.|\n)*/`,
    ...rules,
  ].join("\n");
}

/** Writes a text, in which control tokens are by id. */
function writeText(
  text: string,
  controls: string[],
  control: (spelling: string) => number | undefined,
): string {
  const found = controls.find((spelling) =>
    text.includes(spelling) && control(spelling) !== undefined
  );
  if (found === undefined) return text === "" ? "" : JSON.stringify(text);
  return text.split(found)
    .map((part) => writeText(part, controls, control))
    .join(` <[${control(found)}]> `).trim();
}
