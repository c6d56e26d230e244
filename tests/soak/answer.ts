/**
 * An answer to a request, whole, streamed, or left before its end, in a form that can
 * be compared with the answer to the same request alone.
 *
 * @module
 */

import { EventSourceParserStream } from "eventsource-parser/stream";
import type { SoakRequest } from "./requests.ts";

/** One choice of an answer, as far as the client has read it. */
export interface Choice {
  text: string;
  calls: { name: string; arguments: string }[];
  /** The tokens and their log-probabilities, a JSON text each. */
  logprobs: string[];
  finish: string | null;
}

/** How an answer is read; a number is the events after which the client leaves. */
export type Reading = "whole" | "streamed" | number;

/** The parts of answers and of chunks that are read. */
interface Part {
  content?: string | null;
  tool_calls?: {
    index?: number;
    function: { name?: string | null; arguments: string };
  }[];
}

interface Reply {
  choices: {
    index: number;
    message?: Part;
    delta?: Part;
    text?: string;
    logprobs?: { content?: unknown[] } | null;
    finish_reason: string | null;
  }[];
  error?: { message: string };
}

/**
 * Sends a request and reads its answer.
 *
 * @throws {Error} if the answer is an error.
 */
export async function ask(
  origin: string,
  { path, body }: SoakRequest,
  { reading, client }: { reading: Reading; client?: Deno.HttpClient },
): Promise<Choice[]> {
  const leaving = new AbortController();
  const response = await fetch(`${origin}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: reading !== "whole" }),
    signal: leaving.signal,
    ...client ? { client } : {},
  });
  if (!response.ok) throw new Error(await response.text());
  const choices: Choice[] = [];
  if (reading === "whole") {
    add(choices, await response.json());
    return choices;
  }
  const events = response.body!.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  let read = 0;
  for await (const { data } of events.values({ preventCancel: true })) {
    if (data !== "[DONE]") add(choices, JSON.parse(data));
    if (++read === reading) break;
  }
  leaving.abort();
  return choices;
}

function add(choices: Choice[], { choices: parts, error }: Reply): void {
  if (error) throw new Error(error.message);
  for (const { index, message, delta, ...rest } of parts) {
    const part = message ?? delta ?? { content: rest.text ?? "" };
    const choice = choices[index] ??= {
      text: "",
      calls: [],
      logprobs: [],
      finish: null,
    };
    choice.text += part.content ?? "";
    choice.finish ??= rest.finish_reason;
    for (const entry of rest.logprobs?.content ?? []) {
      choice.logprobs.push(JSON.stringify(entry));
    }
    for (const [i, call] of (part.tool_calls ?? []).entries()) {
      const known = choice.calls[call.index ?? i] ??= {
        name: "",
        arguments: "",
      };
      known.name ||= call.function.name ?? "";
      known.arguments += call.function.arguments;
    }
  }
}

/**
 * Returns whether an answer is the one that the request got alone; of one that was left,
 * its text need only be how that begins.
 */
export function isRight(
  answer: readonly Choice[],
  alone: readonly Choice[],
  reading: Reading,
): boolean {
  if (typeof reading !== "number") {
    return JSON.stringify(answer) === JSON.stringify(alone);
  }
  return answer.every((choice, i) =>
    choice === undefined || alone[i].text.startsWith(choice.text)
  );
}
