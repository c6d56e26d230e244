/**
 * Compiles grammars to see whether they can be, in a thread that may be ended while it
 * does. The tokens are bytes, and the model's control tokens with their ids. The engine
 * with all tokens is opened by another such thread, and grammars that take long are
 * compiled in it: the model's thread gets a copy of its memory.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { isEndless } from "./endless.ts";
import type { Grammar } from "./grammar.ts";
import { findKeyword, type Refusal } from "./limits.ts";
import {
  type EngineImage,
  type GrammarImage,
  Llguidance,
  type TokenBytes,
} from "./llguidance.ts";
import { toSource } from "./notation.ts";
import { readTokens } from "./vocabulary.ts";

/** To the worker: first the tokens that a grammar may name, and then grammars. */
export type ToCheckWorker =
  /** Is answered when the worker is ready. */
  | { type: "open"; vocabulary: TokenBytes }
  /** Is answered with a {@linkcode Verdict}. */
  | { type: "check"; grammar: Grammar }
  /**
   * Is answered with an {@linkcode EngineImage} for the model of this file; with nothing
   * if that fails.
   */
  | { type: "engine"; path: string }
  /**
   * Is answered with a {@linkcode GrammarImage} of the engine with the grammar compiled;
   * with nothing if that fails.
   */
  | { type: "compile"; engine: EngineImage; grammar: Grammar };

/** What has come out of a check. */
export interface Verdict {
  /** Why the grammar is refused, if it is. */
  refusal?: Refusal;
  /** Milliseconds that the check has taken. */
  ms: number;
}

/** Bytes of memory after which the engine starts anew. */
const MOST_BYTES = 128 * 2 ** 20;

/** Characters of llguidance's message that are repeated; it may quote the grammar. */
const MOST_TEXT = 200;

/** Is checked before the others: what it has compiled of the module they need not. */
const FIRST: Grammar = {
  type: "json_schema",
  schema: {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "array", items: true } },
  },
};

let vocabulary: TokenBytes;
let engine: Promise<Llguidance> | undefined;

self.onmessage = async ({ data }: MessageEvent<ToCheckWorker>) => {
  switch (data.type) {
    case "open":
      vocabulary = data.vocabulary;
      engine = open();
      await check(FIRST);
      self.postMessage("ready");
      break;
    case "check":
      self.postMessage(await check(data.grammar));
      break;
    case "engine":
      self.postMessage(await openWhole(data.path).catch(() => {}));
      break;
    case "compile":
      self.postMessage(await compile(data).catch(() => {}));
  }
};

async function check(grammar: Grammar): Promise<Verdict> {
  const llguidance = await (engine ??= open());
  const begun = performance.now();
  const refusal = refusalBy(llguidance, grammar);
  const ms = performance.now() - begun;
  if (!llguidance.isSound || llguidance.bytes > MOST_BYTES) engine = undefined;
  return { ms, ...refusal && { refusal } };
}

function refusalBy(
  llguidance: Llguidance,
  grammar: Grammar,
): Refusal | undefined {
  const { notation, data } = toSource(grammar);
  if (grammar.type === "json_schema" && isEndless(grammar.schema)) {
    return { must: "must allow a value that ends", received: "none", at: "#" };
  }
  try {
    using matcher = llguidance.compile(notation, data);
    matcher.mask();
  } catch (error) {
    return explain(error as Error, grammar);
  }
}

function open(): Promise<Llguidance> {
  return Llguidance.open(vocabulary);
}

async function compile(
  { engine, grammar }: { engine: EngineImage; grammar: Grammar },
): Promise<GrammarImage> {
  const llguidance = await Llguidance.restore(engine);
  const { notation, data } = toSource(grammar);
  const matcher = llguidance.compile(notation, data);
  matcher.clone()[Symbol.dispose](); // as later, so that the memory has grown
  return { matcher: matcher.at, engine: llguidance.image() };
}

async function openWhole(path: string): Promise<EngineImage> {
  const llguidance = await Llguidance.open(await readTokens(path));
  return llguidance.image();
}

/** Returns in one line why llguidance did not accept a grammar. */
function explain(error: Error, grammar: Grammar): Refusal {
  const [line] = error.message.split("\n");
  // Of a regular expression, the last line says why.
  const [, reason = ""] = /^error: (.*)$/m.exec(error.message) ?? [];
  const text = error instanceof SyntaxError
    ? `${line} ${reason}`.trim().slice(0, MOST_TEXT)
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
