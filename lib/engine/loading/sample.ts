/**
 * A sample of what models read: questions and answers in prose, code, JSON, lists, tables
 * and other languages. In `sample.txt` they take turns, with a line between them.
 *
 * @module
 */

import type { ChatTemplate } from "../../text/chat_template.ts";
import type { Tokenizer } from "../../text/tokenizer.ts";

const TEXT = new URL("sample.txt", import.meta.url);

/** Encodes the sample as a chat, or as it is for a model that has none. */
export async function sampleTokens(
  { template, tokenizer }: { template: ChatTemplate; tokenizer: Tokenizer },
): Promise<Int32Array> {
  const text = await Deno.readTextFile(TEXT);
  const messages = text.trim().split("\n---\n").map((content, turn) => ({
    role: turn % 2 === 0 ? "user" as const : "assistant" as const,
    content,
  }));
  try {
    return template.encode({ messages, ending: "message" });
  } catch {
    return tokenizer.encodePrompt(text);
  }
}
