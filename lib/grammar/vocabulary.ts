/**
 * A model's tokens as grammars need them: their bytes, and how a text becomes tokens.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { openGguf } from "../../models/gguf/reader.ts";
import { ggufVocabulary } from "../../models/gguf/vocabulary.ts";
import { TokenTable } from "../text/token_table.ts";
import { Tokenizer } from "../text/tokenizer.ts";
import type { TokenBytes } from "./llguidance.ts";

/** What is known about the tokens of a model. */
export interface GrammarVocabulary {
  /** What llguidance gets, made each time. */
  readonly bytes: TokenBytes;
  /** `[vocab]` the bytes of each token, one a character; none of a control token. */
  tokens: readonly string[];
  /** Tokens of one byte, by this byte. */
  byteTokens: ReadonlyMap<string, number>;
  /** The token that ends a text for llguidance. */
  end: number;
  /** All tokens that end a text. */
  ends: readonly number[];
  /** Returns the tokens of bytes, one a character, or nothing if they spell others. */
  encode(bytes: string): number[] | undefined;
  /** Returns whether a token begins with these bytes and goes on. */
  begins(bytes: string): boolean;
}

/** Marks a control token among llguidance's tokens. */
const CONTROL = 0xff;

/** The control tokens of a model. */
export type ControlTokens = Pick<
  Tokenizer,
  "size" | "isControl" | "spelling" | "endTokens"
>;

/** Returns bytes as tokens, and a model's control tokens with their own ids. */
export function smallVocabulary(controls: ControlTokens): TokenBytes {
  const tokens: Uint8Array[] = [];
  const none = new Uint8Array(); // one for all, as messages copy each
  let byte = 0;
  for (let id = 0; id < controls.size || byte < 256; id++) {
    if (id < controls.size && controls.isControl(id)) {
      tokens.push(marked(controls.spelling(id)));
    } else {
      tokens.push(byte < 256 ? Uint8Array.of(byte++) : none);
    }
  }
  const [end] = controls.endTokens;
  return { tokens, end };
}

/** Returns a control token as llguidance has it. */
function marked(spelling: string): Uint8Array {
  return Uint8Array.of(CONTROL, ...new TextEncoder().encode(spelling));
}

/** Reads all tokens of a model's file as llguidance has them. */
export async function readTokens(path: string): Promise<TokenBytes> {
  const { metadata } = await openGguf(path);
  return tokenBytes(new TokenTable(ggufVocabulary(metadata)));
}

function tokenBytes(table: TokenTable): TokenBytes {
  const [end] = table.endTokens;
  const tokens = Array.from(
    { length: table.size },
    (_, id) => bytesOf(id, table),
  );
  return { tokens, end };
}

function bytesOf(id: number, table: TokenTable): Uint8Array {
  return table.isControl(id) ? marked(table.spelling(id)) : table.bytes(id);
}

/** Opens the tokenizer of a model's file. */
export async function openTokenizer(path: string): Promise<Tokenizer> {
  const { metadata } = await openGguf(path);
  await delay(0); // each step takes some time, and others' work comes between
  return new Tokenizer(ggufVocabulary(metadata));
}

/** Reads the vocabulary of a model's file, in steps that others' work comes between. */
export async function readVocabulary(path: string): Promise<GrammarVocabulary> {
  const steps = vocabularySteps(await openTokenizer(path));
  for (;;) {
    await delay(0);
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Reads a tokenizer's vocabulary at once, which takes some hundred milliseconds. */
export function grammarVocabulary(tokenizer: Tokenizer): GrammarVocabulary {
  const steps = vocabularySteps(tokenizer);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Tokens that are read in a step, which takes some milliseconds. */
const STEP = 2048;

function* vocabularySteps(
  tokenizer: Tokenizer,
): Generator<undefined, GrammarVocabulary> {
  const tokens: string[] = [];
  for (let id = 0; id < tokenizer.size; id++) {
    const bytes = bytesOf(id, tokenizer);
    tokens.push(bytes[0] === CONTROL ? "" : latin1(bytes));
    if (id % STEP === 0) yield;
  }
  yield;
  const sorted = tokens.toSorted();
  yield;
  const [end] = tokenizer.endTokens;
  const byteTokens = new Map(
    [...tokens.entries()]
      .filter(([, token]) => token.length === 1)
      .map(([id, token]) => [token, id]),
  );
  return {
    get bytes() {
      return tokenBytes(tokenizer);
    },
    tokens,
    byteTokens,
    end,
    ends: [...tokenizer.endTokens],
    encode(text) {
      const spelled = Uint8Array.from(text, (char) => char.charCodeAt(0));
      const ids = [...tokenizer.encode(new TextDecoder().decode(spelled))];
      return ids.map((id) => tokens[id]).join("") === text ? ids : undefined;
    },
    begins(bytes) {
      // The first token that comes after it begins with it if any does.
      let [from, to] = [0, sorted.length];
      while (from < to) {
        const middle = (from + to) >>> 1;
        if (sorted[middle] <= bytes) from = middle + 1;
        else to = middle;
      }
      return sorted[from]?.startsWith(bytes) ?? false;
    },
  };
}

/** Returns bytes as a text, one a character. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
