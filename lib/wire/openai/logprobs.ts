/**
 * Scored tokens as OpenAI writes them, in chats and in text completions.
 *
 * @module
 */

import type {
  ChatCompletion,
  ChatCompletionTokenLogprob,
  CompletionChoice,
} from "openai/resources";
import type { LikelyToken, ScoredToken } from "../../engine/generation.ts";

/** OpenAI's number for a token that is impossible; JSON has no infinity. */
const IMPOSSIBLE = -9999;

/** The tokens of a chat's answer, if they are scored. */
export function toChatLogprobs(
  tokens: readonly ScoredToken[] | undefined,
): ChatCompletion.Choice["logprobs"] {
  if (!tokens) return null;
  const content = tokens.filter(({ ends }) => !ends)
    .map((token): ChatCompletionTokenLogprob => ({
      ...toLogprob(token),
      top_logprobs: token.top.map(toLogprob),
    }));
  return { content, refusal: null };
}

/**
 * The tokens of a text completion, if they are scored. The end token is one of them,
 * as evaluations expect one token after the prompt.
 */
export function toTextLogprobs(
  tokens: readonly ScoredToken[] | undefined,
): CompletionChoice["logprobs"] {
  if (!tokens) return null;
  const logprobs = {
    tokens: tokens.map(spell),
    token_logprobs: tokens.map(numberOf),
    top_logprobs: tokens.map((token) =>
      token.logprob === null ? null : Object.fromEntries(
        [...token.top, token].map((one) => [spell(one), numberOf(one)]),
      )
    ),
    text_offset: tokens.map(({ offset }) => offset),
  };
  // The client's type has no `null`, but its API sends it for the first token.
  return logprobs as CompletionChoice.Logprobs;
}

function toLogprob(token: LikelyToken) {
  return {
    token: textOf(token) ?? escape(token),
    logprob: numberOf(token)!,
    bytes: [...token.bytes],
  };
}

function spell(token: LikelyToken): string {
  return textOf(token) ?? `bytes:${escape(token)}`;
}

/** Returns the text of a token, unless it ends inside a character. */
function textOf({ bytes }: LikelyToken): string | undefined {
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function escape({ bytes }: LikelyToken): string {
  return Array.from(
    bytes,
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}

function numberOf({ logprob }: LikelyToken): number | null {
  return logprob === null ? null : Math.max(logprob, IMPOSSIBLE);
}
