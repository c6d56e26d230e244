/**
 * The cost of HTTP, events and a worker: answers of a real server compared with the same
 * tokens decoded in this process, in turn.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { BACKENDS } from "../../../lib/runtime/backend.ts";
import { decodedPlainly } from "../../bita/_run.ts";
import { CONFIG, openRealModel } from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
  someOf,
} from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { streamChat, type StreamedChat } from "./chat_stream.ts";
import { type EncodedPrompt, loadPrompts, promptOptions } from "../prompts.ts";
import { runText } from "../decode/run.ts";
import { ServerProcess } from "./server_process.ts";
import { median } from "../statistics.ts";

const CONTEXT = 1024;

/** One answer, decoded here and served; times in milliseconds, prompt included. */
interface Pair {
  category: string;
  tokens: number;
  bareMs: number;
  servedMs: number;
  /** The time that the server reports in `timings`. */
  workerMs: number;
}

/** Compares served answers with bare decoding. */
export const overhead: Benchmark = {
  about: "tokens a second through HTTP, compared with bare decoding",
  options: {
    ...promptOptions({ limit: 16, tokens: 96 }),
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
  },
  async run(values) {
    const maxTokens = integer(values, "tokens");
    const [backend] = someOf(values.backend, BACKENDS);
    const { prompts, tokenizer } = await loadPrompts(values);
    const model = await openRealModel(backend, { context: CONTEXT });
    await asServed(model);
    await using server = await ServerProcess.start({
      BACKEND: backend,
      CONTEXT: String(CONTEXT),
      PREFIX_CACHE: "off",
      API_KEYS: "",
    });
    const ways = {
      bare: ({ ids }: EncodedPrompt) =>
        timed(() =>
          runText(
            decodedPlainly(model, ids, {
              sampling: GREEDY,
              maxTokens,
              endTokens: tokenizer.endTokens,
            }),
            () => performance.now(),
          )
        ),
      served: ({ text }: EncodedPrompt) =>
        timed(() =>
          streamChat(server.origin, {
            model: CONFIG.models[0],
            messages: [{ role: "user", content: text }],
            max_tokens: maxTokens,
            temperature: 0,
            draft: "none",
          }, { now: () => performance.now() })
        ),
    };
    await ways.bare(prompts[0]);
    await ways.served(prompts[0]);

    const pairs: Pair[] = [];
    for (const [index, prompt] of prompts.entries()) {
      progress(index + 1, prompts.length, prompt.category);
      const early = index % 2 === 0 ? await ways.bare(prompt) : undefined;
      const served = await ways.served(prompt);
      const bare = early ?? await ways.bare(prompt);
      const tokens = bare.value.tokens.length;
      checkLength(tokens, served.value);
      const { prompt_ms, predicted_ms } = served.value.timings;
      pairs.push({
        category: prompt.category,
        tokens,
        bareMs: bare.ms,
        servedMs: served.ms,
        workerMs: prompt_ms + predicted_ms,
      });
    }
    return report(pairs);
  },
};

/** Runs a task and measures the milliseconds that it takes. */
async function timed<T>(
  task: () => Promise<T>,
): Promise<{ value: T; ms: number }> {
  const begun = performance.now();
  const value = await task();
  return { value, ms: performance.now() - begun };
}

function checkLength(tokens: number, { timings }: StreamedChat): void {
  if (timings.predicted_n === tokens) return;
  throw new RangeError(
    `Cannot compare answers: ${tokens} tokens are required: received ${timings.predicted_n}`,
  );
}

function report(pairs: Pair[]): Report {
  const percent = (over: (pair: Pair) => number) =>
    median(pairs.map((pair) => over(pair) * 100));
  const rate = (ms: (pair: Pair) => number) =>
    median(pairs.map((pair) => pair.tokens / ms(pair) * 1000));
  return {
    tables: [{
      title: `${pairs.length} answers, medians`,
      header: ["way", "tokens/s", "more time than bare, %"],
      rows: [
        ["bare", rate((p) => p.bareMs), undefined],
        [
          "in the server's worker",
          rate((p) => p.workerMs),
          percent((p) => p.workerMs / p.bareMs - 1),
        ],
        [
          "served",
          rate((p) => p.servedMs),
          percent((p) => p.servedMs / p.bareMs - 1),
        ],
      ],
    }],
    notes: [
      "Times include the prompt, the request and the response.",
      "Percentages are medians over answers, each compared with its own bare run.",
    ],
    data: pairs,
  };
}
