/**
 * Decodes a prompt to readable text in two parts: the cached one and the rest.
 *
 * @module
 */

import type { PromptPart } from "./trace.ts";
import { Detokenizer } from "../text/detokenizer.ts";
import { withControls } from "../text/token_text.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** Options of {@linkcode promptParts}. */
export interface PromptPartsOptions {
  tokenizer: Pick<Tokenizer, "bytes" | "isControl" | "spelling">;
  /** Number of tokens at the start that were in the cache. */
  cached: number;
}

/** Decodes both parts of a prompt. A character across the cut is in the second part. */
export function promptParts(
  prompt: Int32Array,
  { tokenizer, cached }: PromptPartsOptions,
): PromptPart[] {
  const text = new Detokenizer(withControls(tokenizer));
  const known = text.push(prompt.subarray(0, cached));
  const rest = text.push(prompt.subarray(cached)) + text.flush();
  return [
    { text: known, tokens: cached, cached: true },
    { text: rest, tokens: prompt.length - cached, cached: false },
  ];
}
