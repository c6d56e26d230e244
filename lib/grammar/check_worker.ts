/**
 * Compiles grammars to see whether they can be, in a thread that may be ended while it
 * does. The tokens are bytes, and the model's control tokens with their ids.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import type { Grammar } from "./grammar.ts";
import { findKeyword, type Refusal } from "./limits.ts";
import { Llguidance, type TokenBytes } from "./llguidance.ts";
import { toSource } from "./notation.ts";

/**
 * To the worker: first the tokens that a grammar may name, and then grammars. It answers
 * the first when it is ready, and each grammar with a `Refusal`, or with `undefined`.
 */
export type ToCheckWorker =
  | { type: "open"; vocabulary: TokenBytes }
  | { type: "check"; grammar: Grammar };

/** Bytes of memory after which the engine starts anew. */
const MOST_BYTES = 128 * 2 ** 20;

/** Characters of llguidance's message that are repeated; it may quote the grammar. */
const MOST_TEXT = 200;

let vocabulary: TokenBytes;
let engine: Promise<Llguidance> | undefined;

self.onmessage = async ({ data }: MessageEvent<ToCheckWorker>) => {
  if (data.type === "check") {
    self.postMessage(await refusal(data.grammar));
  } else {
    vocabulary = data.vocabulary;
    await (engine = open());
    self.postMessage("ready");
  }
};

async function refusal(grammar: Grammar): Promise<Refusal | undefined> {
  const { notation, data } = toSource(grammar);
  const llguidance = await (engine ??= open());
  try {
    using matcher = llguidance.compile(notation, data);
    matcher.mask();
  } catch (error) {
    return explain(error as Error, grammar);
  } finally {
    if (!llguidance.isSound || llguidance.bytes > MOST_BYTES) {
      engine = undefined;
    }
  }
}

function open(): Promise<Llguidance> {
  return Llguidance.open(vocabulary);
}

/** Returns in one line why llguidance did not accept a grammar. */
function explain(error: Error, grammar: Grammar): Refusal {
  const [line] = error.message.split("\n");
  const text = error instanceof SyntaxError
    ? line.slice(0, MOST_TEXT)
    : "too much of it";
  if (grammar.type !== "json_schema") {
    return { must: "must be a grammar that can be compiled", received: text };
  }
  const [, keyword] = /^Unimplemented keys: \["([^"]+)"/.exec(text) ?? [];
  if (keyword === undefined) {
    return { must: "must be a schema that can be enforced", received: text };
  }
  return {
    must: "must have only keywords that can be enforced",
    received: JSON.stringify(keyword),
    at: findKeyword(grammar.schema, keyword) ?? "#",
  };
}
