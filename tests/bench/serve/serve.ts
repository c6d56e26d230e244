/**
 * Several streams at once: their total rate, their waiting times, and whether each gets
 * the text that it gets alone; compared with llama.cpp and with another checkout.
 *
 * All contestants answer the same rounds of prompts in turn, so that noise affects all.
 *
 * @module
 */

import { BACKENDS } from "../../../lib/runtime/backend.ts";
import { CONFIG, realGguf } from "../../real_model.ts";
import { type Benchmark, integer, progress, someOf } from "../benchmark.ts";
import { LlamaCpp } from "../llama/llama_cpp.ts";
import {
  type EncodedPrompt,
  loadPrompts,
  longPrompts,
  promptOptions,
} from "../prompts.ts";
import { type Contestant, llamaSequences, servedWith } from "./contestants.ts";
import { type Level, report } from "./serve_report.ts";
import { sum } from "../statistics.ts";
import { ServerProcess } from "./server_process.ts";
import { type Answer, streamFigures } from "./streams.ts";

/** Tokens of context for the question, and for prompts longer than planned. */
const SLACK = 1024;

/** Compares several streams with one, and with as many of llama.cpp. */
export const serve: Benchmark = {
  about: "several streams at once, compared with as many of llama.cpp",
  options: {
    ...promptOptions({ limit: 16, tokens: 48 }),
    streams: { about: "numbers of streams", default: "1,2,4,8,16" },
    repeat: {
      about: "answers to each prompt at each number of streams",
      default: "2",
    },
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    draft: { about: "values of `draft` in the requests", default: "none,auto" },
    llama: { about: "yes compares with llama.cpp", default: "yes" },
    baseline: {
      about: "folder of another checkout, to compare with",
      default: "",
    },
    "context-tokens": {
      about: "lengthens each prompt to about so many tokens; 0 does not",
      default: "0",
    },
    "prefix-cache": {
      about: "off, or memory to compute each prompt once",
      default: "off",
    },
  },
  async run(values) {
    const tokens = integer(values, "tokens", { least: 2 });
    const repeat = integer(values, "repeat");
    const levels = values.streams.split(",").map((streams) =>
      integer({ streams }, "streams")
    );
    const contextTokens = integer(values, "context-tokens", { least: 0 });
    const loaded = await promptsFor(values, contextTokens);
    const { prompts } = loaded;
    const context = contextTokens + tokens + SLACK;
    const env = {
      BACKEND: someOf(values.backend, BACKENDS)[0],
      CONTEXT: String(context),
      PARALLEL: String(Math.max(...levels)),
      PREFIX_CACHE: someOf(values["prefix-cache"], ["off", "memory"])[0],
      PREFIX_MEMORY: "4096",
      API_KEYS: "",
    };
    await using server = await ServerProcess.start(env);
    await using baseline = values.baseline
      ? await ServerProcess.start(env, { checkout: values.baseline })
      : undefined;
    const { threads } = CONFIG;
    await using llama = someOf(values.llama, ["yes", "no"])[0] === "yes"
      ? await LlamaCpp.open((await realGguf()).path, { threads, context })
      : undefined;

    const drafts = values.draft.split(",");
    const { endTokens } = loaded;
    const contestants = drafts.flatMap((draft) => {
      const options = { name: draft, process: "server", tokens, endTokens };
      const ours = servedWith(draft, server, options);
      if (!baseline) return [ours];
      const process = "baseline";
      const name = `${process} ${draft}`;
      return [
        ours,
        servedWith(draft, baseline, { ...options, process, name }),
      ];
    });
    if (llama) contestants.push(llamaSequences(llama, { tokens }));
    return report(await measure(contestants, prompts, { levels, repeat }), {
      title: `${values.backend}, ${tokens} tokens each`,
      drafts,
      notes: [
        `${prompts.length} prompts of ${
          Math.round(sum(prompts.map(({ ids }) => ids.length)) / prompts.length)
        } tokens on average, answered ${repeat} times at each number of streams; prompt cache ${env.PREFIX_CACHE}.`,
        `${threads} threads each.${llama ? ` ${llama.about}` : ""}`,
      ],
    });
  },
};

async function promptsFor(
  values: Record<string, string>,
  tokens: number,
): Promise<{ prompts: EncodedPrompt[]; endTokens: ReadonlySet<number> }> {
  const { prompts, tokenizer, encode } = await loadPrompts(values);
  const { endTokens } = tokenizer;
  if (tokens === 0) return { prompts, endTokens };
  const long = await longPrompts(tokenizer);
  return {
    prompts: prompts.map(({ category, text: question }, index) => {
      const text = long.write(question, { index, tokens });
      return { category, text, ids: encode(text) };
    }),
    endTokens,
  };
}

/** Has all contestants answer in turn, level after level. */
async function measure(
  contestants: readonly Contestant[],
  prompts: readonly EncodedPrompt[],
  { levels, repeat }: { levels: number[]; repeat: number },
): Promise<Level[]> {
  const most = Math.max(...levels);
  if (most > prompts.length) {
    throw new TypeError(
      `Cannot run the benchmark: ${most} prompts are required for as many streams: received ${prompts.length}`,
    );
  }
  const alone = await textsAlone(contestants, prompts);
  const measured = levels.map((streams): Level => ({
    streams,
    contestants: contestants.map(({ name }) => ({ name, repeats: [] })),
  }));
  for (let time = 0; time < repeat; time++) {
    for (const { streams, contestants: seen } of measured) {
      progress(time + 1, repeat, `${streams} at once`);
      const rounds = contestants.map((): Answer[][] => []);
      const count = Math.floor(prompts.length / streams);
      for (let round = 0; round < count; round++) {
        const batch = prompts.slice(round * streams, (round + 1) * streams);
        for (let turn = 0; turn < contestants.length; turn++) {
          const i = (turn + round + time) % contestants.length;
          rounds[i].push(await contestants[i].answer(batch));
        }
      }
      for (const [i, contestant] of contestants.entries()) {
        const texts = alone.get(contestant.process)!;
        seen[i].repeats.push(streamFigures(rounds[i], texts));
      }
    }
  }
  return measured;
}

/** Returns the texts of each process, with one prompt at a time. */
async function textsAlone(
  contestants: readonly Contestant[],
  prompts: readonly EncodedPrompt[],
): Promise<Map<string, string[]>> {
  const texts = new Map<string, string[]>();
  for (const { process, answer } of contestants) {
    if (texts.has(process)) continue;
    const given: string[] = [];
    for (const prompt of prompts) {
      progress(given.length + 1, prompts.length, `one by one, ${process}`);
      const [{ text }] = await answer([prompt]);
      given.push(text);
    }
    texts.set(process, given);
  }
  return texts;
}
