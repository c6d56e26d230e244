/**
 * A model's tokens as grammars need them: their bytes, and how a text becomes tokens.
 *
 * @module
 */

import type { Tokenizer } from "../text/tokenizer.ts";
import type { TokenBytes } from "./llguidance.ts";

/** What is known about the tokens of a model. */
export interface GrammarVocabulary {
  /** What llguidance gets. */
  bytes: TokenBytes;
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

/** Reads a tokenizer's vocabulary, which takes some tens of milliseconds. */
export function grammarVocabulary(tokenizer: Tokenizer): GrammarVocabulary {
  const ids = Array.from({ length: tokenizer.size }, (_, id) => id);
  const ends = [...tokenizer.endTokens];
  const bytes = ids.map((id) => {
    const bytes = tokenizer.bytes(id);
    return tokenizer.isControl(id) ? marked(tokenizer.spelling(id)) : bytes;
  });
  const tokens = bytes.map((bytes) =>
    bytes[0] === CONTROL ? "" : latin1(bytes)
  );
  const beginnings = new Set<string>();
  for (const token of tokens) {
    for (let end = 1; end < token.length; end++) {
      beginnings.add(token.slice(0, end));
    }
  }
  return {
    bytes: { tokens: bytes, end: ends[0] },
    tokens,
    byteTokens: new Map(
      ids.filter((id) => tokens[id].length === 1).map((id) => [tokens[id], id]),
    ),
    end: ends[0],
    ends,
    encode(text) {
      const spelled = Uint8Array.from(text, (char) => char.charCodeAt(0));
      const ids = [...tokenizer.encode(new TextDecoder().decode(spelled))];
      return ids.map((id) => tokens[id]).join("") === text ? ids : undefined;
    },
    begins: (bytes) => beginnings.has(bytes),
  };
}

/** Returns bytes as a text, one a character. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
