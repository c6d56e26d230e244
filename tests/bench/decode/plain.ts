/**
 * Plain decoding compared with llama.cpp: the same file, prompts, number of threads and
 * number of tokens, in turn, so that noise affects both.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { decodedPlainly } from "../../bita/_run.ts";
import { CONFIG, formatOn, openRealModel, realGguf } from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
} from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { LlamaCpp, type LlamaRun } from "../llama/llama_cpp.ts";
import { loadPrompts, promptOptions } from "../prompts.ts";
import { runText } from "./run.ts";
import { geometricMean, median } from "../statistics.ts";

const CONTEXT = 1024;

/** One prompt, decoded by both. */
interface Pair {
  category: string;
  promptTokens: number;
  ours: LlamaRun;
  llama: LlamaRun;
}

/** Compares plain decoding on the CPU with llama.cpp. */
export const plain: Benchmark = {
  about: "tokens a second of plain decoding on cpu, compared with llama.cpp",
  options: promptOptions({ limit: 16, tokens: 96 }),
  async run(values) {
    const count = integer(values, "tokens", { least: 2 });
    const { threads } = CONFIG;
    const { prompts } = await loadPrompts(values);
    const model = await openRealModel("cpu", { context: CONTEXT });
    await asServed(model);
    const { path } = await realGguf();
    await using llama = await LlamaCpp.open(path, {
      threads,
      context: CONTEXT,
    });
    const runs = {
      ours: (prompt: Int32Array, maxTokens: number) =>
        runText(
          decodedPlainly(model, prompt, {
            sampling: GREEDY,
            maxTokens,
            endTokens: new Set(), // every run has the same length
          }),
          () => performance.now(),
        ),
      llama: (prompt: Int32Array, count: number) => llama.decode(prompt, count),
    };
    await runs.ours(prompts[0].ids, 4);
    await runs.llama(prompts[0].ids, 4);

    const pairs: Pair[] = [];
    for (const [index, { category, ids }] of prompts.entries()) {
      progress(index + 1, prompts.length, category);
      const first = index % 2 === 0 ? await runs.ours(ids, count) : undefined;
      const other = await runs.llama(ids, count);
      const ours = first ?? await runs.ours(ids, count);
      pairs.push({ category, promptTokens: ids.length, ours, llama: other });
    }
    return report(pairs, { count, llama });
  },
};

/** Tokens a second after the first. */
function rate({ tokens, restMs }: LlamaRun): number {
  return (tokens.length - 1) / restMs * 1000;
}

function report(
  pairs: Pair[],
  { count, llama: { about, settings } }: { count: number; llama: LlamaCpp },
): Report {
  const ours = pairs.map((pair) => rate(pair.ours));
  const llama = pairs.map((pair) => rate(pair.llama));
  const ratios = ours.map((rate, i) => rate / llama[i]);
  return {
    tables: [{
      title: `Plain greedy decoding of ${pairs.length} × ${count} tokens`,
      header: ["decoder", "tokens/s, median", "ms to first token, median"],
      rows: [
        ["bita", median(ours), median(pairs.map((p) => p.ours.firstMs))],
        ["llama.cpp", median(llama), median(pairs.map((p) => p.llama.firstMs))],
      ],
    }, {
      title: "Ratio of bita to llama.cpp",
      header: ["ratio", "tokens/s"],
      rows: [
        ["of medians", median(ours) / median(llama)],
        ["geometric mean over prompts", geometricMean(ratios)],
        ["least", Math.min(...ratios)],
        ["most", Math.max(...ratios)],
      ],
    }],
    notes: [
      "Tokens a second count the tokens after the first; an end of text does not end a run.",
      about,
      `bita: ${CONFIG.threads} threads, ${
        formatOn("cpu")
      } weights of the same file.`,
    ],
    data: { llama: settings, pairs },
  };
}
