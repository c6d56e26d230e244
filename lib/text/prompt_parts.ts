/**
 * A prompt as people read it, cut where the cache's knowledge of it ends.
 *
 * @module
 */

import type { PromptPart } from "../engine/generation.ts";
import { Detokenizer } from "./detokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What reading a prompt needs. */
export interface PromptPartsOptions {
  tokenizer: Pick<Tokenizer, "bytes" | "isControl" | "spelling">;
  /** Tokens at its beginning that the cache had. */
  cached: number;
}

/** Spells a prompt's parts; half a character at the cut goes to the second one. */
export function promptParts(
  prompt: Int32Array,
  { tokenizer, cached }: PromptPartsOptions,
): PromptPart[] {
  const utf8 = new TextEncoder();
  const text = new Detokenizer({
    bytes: (id) =>
      tokenizer.isControl(id)
        ? utf8.encode(tokenizer.spelling(id))
        : tokenizer.bytes(id),
  });
  const known = text.push(prompt.subarray(0, cached));
  const rest = text.push(prompt.subarray(cached)) + text.flush();
  return [
    { text: known, tokens: cached, cached: true },
    { text: rest, tokens: prompt.length - cached, cached: false },
  ];
}
