/**
 * What `deno task bench serve` compares: servers, with and without drafts, and llama.cpp.
 *
 * @module
 */

import { CONFIG } from "../../real_model.ts";
import type { LlamaCpp } from "../llama/llama_cpp.ts";
import type { EncodedPrompt } from "../prompts.ts";
import { streamChat } from "./chat_stream.ts";
import type { ServerProcess } from "./server_process.ts";
import type { Answer } from "./streams.ts";

/** Answers rounds of prompts. */
export interface Contestant {
  name: string;
  /** Names the process; its texts must be the same with and without drafts. */
  process: string;
  /** Answers all prompts at once, all with the same number of tokens. */
  answer(prompts: readonly EncodedPrompt[]): Promise<Answer[]>;
}

/** A server that is sent requests with a given `draft`. */
export function servedWith(
  draft: string,
  { origin }: ServerProcess,
  { name, process, tokens, endTokens }: {
    name: string;
    process: string;
    tokens: number;
    /** Excluded, so that all answers have the same length. */
    endTokens: ReadonlySet<number>;
  },
): Contestant {
  const fields = {
    model: CONFIG.models[0],
    max_tokens: tokens,
    temperature: 0,
    draft,
    logit_bias: Object.fromEntries([...endTokens].map((id) => [id, -100])),
  };
  return {
    name,
    process,
    answer(prompts) {
      const begun = performance.now();
      const now = () => performance.now() - begun;
      return Promise.all(prompts.map(async ({ text: content }) => {
        const messages = [{ role: "user", content }];
        const body = { ...fields, messages };
        const { text, times, timings } = await streamChat(origin, body, {
          now,
        });
        const { predicted_n: tokens, draft_n: guesses } = timings;
        return { text, times, tokens, guesses };
      }));
    },
  };
}

/** llama.cpp with one sequence a prompt, all in one context. */
export function llamaSequences(
  llama: LlamaCpp,
  { tokens }: { tokens: number },
): Contestant {
  return {
    name: "llama.cpp",
    process: "llama.cpp",
    async answer(prompts) {
      const ids = prompts.map(({ ids }) => ids);
      const streams = await llama.decodeTogether(ids, tokens);
      return streams.map(({ tokens, times }) => (
        { text: tokens.join(), tokens: tokens.length, times }
      ));
    },
  };
}
