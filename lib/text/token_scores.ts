/**
 * Scores of tokens as parts of a text: each is shown together with the beginning of
 * its text, so what a stop string cuts off has none.
 *
 * @module
 */

import type { LogProb, TokenScore } from "../bita/choose/logprobs.ts";
import { Detokenizer } from "./detokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { LikelyToken, ScoredToken } from "../engine/generation.ts";

type Bytes = Pick<Tokenizer, "bytes" | "isControl" | "spelling">;

/** The scores of one answer. */
export class TokenScores {
  readonly #tokenizer: Bytes;
  readonly #endTokens: ReadonlySet<number>;
  readonly #detokenizer: Detokenizer;
  #pending: ScoredToken[] = [];
  /** Characters up to the last token. */
  #length: number;
  /** Characters that are shown. */
  #shown: number;

  /** @param options.offset the characters before the answer. */
  constructor(
    tokenizer: Bytes,
    { endTokens, offset }: { endTokens: ReadonlySet<number>; offset: number },
  ) {
    this.#tokenizer = tokenizer;
    this.#endTokens = endTokens;
    this.#detokenizer = new Detokenizer(tokenizer);
    this.#length = this.#shown = offset;
  }

  /** Adds the scores of the next tokens. */
  add(scores: readonly TokenScore[]): void {
    for (const score of scores) {
      const ends = this.#endTokens.has(score.id);
      this.#pending.push({
        ...describeToken(score, this.#tokenizer),
        top: score.top.map((other) => describeToken(other, this.#tokenizer)),
        offset: this.#length,
        ...ends && { ends },
      });
      const text = ends ? "" : this.#detokenizer.push([score.id]);
      this.#length += characters(text);
    }
  }

  /** Returns the tokens that begin before the end of the `text` that is shown now. */
  show(text: string, { last }: { last: boolean }): ScoredToken[] {
    this.#shown += characters(text);
    const begins = ({ offset }: ScoredToken) => last || offset < this.#shown;
    const shown = this.#pending.filter(begins);
    this.#pending = this.#pending.filter((token) => !begins(token));
    return shown;
  }
}

/** Scores of a prompt whose text is `length` characters long, from its first token on. */
export function scorePrompt(
  prompt: Int32Array,
  scores: readonly TokenScore[],
  { tokenizer, length }: { tokenizer: Bytes; length: number },
): ScoredToken[] {
  const detokenizer = new Detokenizer({
    bytes: (id) => bytesOf(id, tokenizer),
  });
  let end = 0;
  const tokens = Array.from(prompt, (id, at): ScoredToken => {
    const offset = end;
    end += characters(detokenizer.push([id]));
    const score = scores[at - 1];
    return {
      bytes: bytesOf(id, tokenizer),
      logprob: score ? score.logprob : null,
      top: score?.top.map((other) => describeToken(other, tokenizer)) ?? [],
      offset,
    };
  });
  // A start token is no part of the text that was sent.
  const more = end + characters(detokenizer.flush()) - length;
  return tokens.map((token) => ({
    ...token,
    offset: Math.max(0, token.offset - more),
  }));
}

/** Counts the characters of a text, as Python does. */
export function characters(text: string): number {
  return [...text].length;
}

function describeToken(
  { id, logprob }: LogProb,
  tokenizer: Bytes,
): LikelyToken {
  return { bytes: bytesOf(id, tokenizer), logprob };
}

function bytesOf(id: number, tokenizer: Bytes): Uint8Array {
  return tokenizer.isControl(id)
    ? new TextEncoder().encode(tokenizer.spelling(id))
    : tokenizer.bytes(id);
}
