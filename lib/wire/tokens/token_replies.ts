/**
 * Tokens and texts as llama-server and vLLM send them, with the fields of both.
 *
 * @module
 */

import type { Tokens } from "../../text/token_text.ts";
import type { TokenizeRequest } from "./token_requests.ts";

/** The reply to a request for tokens. */
export interface TokenizeReply {
  tokens: (number | { id: number; piece: string | number[] })[];
  count: number;
  max_model_len: number;
  token_strs?: string[];
}

/** Writes tokens. A piece that is no whole text is a list of bytes. */
export function toTokenizeReply(
  { ids, pieces }: Tokens,
  { withPieces, withStrings }: Pick<
    TokenizeRequest,
    "withPieces" | "withStrings"
  >,
  { context }: { context: number },
): TokenizeReply {
  return {
    tokens: withPieces
      ? ids.map((id, i) => ({ id, piece: textOf(pieces[i]) ?? pieces[i] }))
      : ids,
    count: ids.length,
    max_model_len: context,
    ...withStrings && {
      token_strs: pieces.map((bytes) =>
        new TextDecoder().decode(Uint8Array.from(bytes))
      ),
    },
  };
}

/** Writes the text of tokens. */
export function toDetokenizeReply(
  text: string,
): { content: string; prompt: string } {
  return { content: text, prompt: text };
}

/** Returns a text, unless it begins or ends inside a character. */
function textOf(bytes: number[]): string | undefined {
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
