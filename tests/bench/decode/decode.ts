/**
 * The gain of drafting: the same prompts decoded plainly and with drafts, in turn, by
 * category; and the cost of a pass outside the model.
 *
 * @module
 */

import type { Cost } from "../../../lib/bita/cost/cost_curve.ts";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { BACKENDS } from "../../../lib/runtime/backend.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { decodedPlainly } from "../../bita/_run.ts";
import { wrapped } from "../../bita/_wrapped.ts";
import { CONFIG, formatOn, realArtefact } from "../../real_model.ts";
import { type Benchmark, integer, progress, someOf } from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { byCategory, speedUps } from "./decode_table.ts";
import { outsideCost } from "./outside_cost.ts";
import { drafter, DRAFTER_OPTIONS, type Way } from "./drafter.ts";
import { loadPrompts, promptOptions } from "../prompts.ts";
import { besideLlama, type Race, Rivals } from "./rivals.ts";
import { runText } from "./run.ts";

/** Tokens for the longest first turn of MT-Bench and its answer. */
const CONTEXT = 2048;

/** Compares drafting with plain decoding. */
export const decode: Benchmark = {
  about: "tokens a pass and a second, with and without drafts",
  options: {
    ...promptOptions({ limit: 8, tokens: 128 }),
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    ...DRAFTER_OPTIONS,
    cost: {
      about: "here: as measured; flat: the same for all passes, as on a GPU",
      default: "here",
    },
    llama: {
      about: "yes compares with llama.cpp, plain and with its own drafts",
      default: "no",
    },
    temperature: { about: "0 is greedy", default: "0" },
    seed: { about: "seed of the sampling", default: "1" },
  },
  async run(values) {
    const sampling = {
      ...GREEDY,
      temperature: temperature(values.temperature),
      seed: integer(values, "seed", { least: 0 }),
    };
    const maxTokens = integer(values, "tokens");
    const [backend] = someOf(values.backend, BACKENDS);
    const { prompts, tokenizer } = await loadPrompts(values);
    const [cost] = someOf(values.cost, COSTS);
    const artefact = await realArtefact(formatOn(backend), values);
    const model = await openModel(
      await openBackend(backend, CONFIG),
      artefact,
      { context: CONTEXT },
    );
    const options = { sampling, maxTokens, endTokens: tokenizer.endTokens };
    const { adapter } = artefact;
    const measured = (await asServed(model)).cost;
    const now = () => performance.now();
    model.onWork = ({ part, ...work }) => measured.learn(part, work);
    const maxRows = Math.min(model.shape.maxRows, integer(values, "rows"));
    const drafting = drafter(values, {
      model: wrapped(model, { shape: { ...model.shape, maxRows } }),
      cost: cost === "flat" ? FLAT : measured,
      adapter,
    });
    const plainly: Way = (ids, limits) => decodedPlainly(model, ids, limits);
    const run = (way: Way, ids: Int32Array, limits = options) =>
      runText(way(ids, limits), now);
    const warm = { ...options, maxTokens: 8 };
    await run(plainly, prompts[0].ids, warm);
    await run(drafting, prompts[0].ids, warm);

    const [llama] = someOf(values.llama, ["yes", "no"]);
    await using rivals = llama === "yes"
      ? await Rivals.open({ threads: CONFIG.threads, context: CONTEXT })
      : undefined;
    const pairs = [];
    const races: Race[] = [];
    for (const [index, { category, ids }] of prompts.entries()) {
      progress(index + 1, prompts.length, category);
      const early = index % 2 === 0 ? await run(plainly, ids) : undefined;
      const drafted = await run(drafting, ids);
      const none = early ?? await run(plainly, ids);
      pairs.push({ category, none, drafted });
      const count = none.tokens.length;
      if (!rivals || count < 2) continue;
      races.push({
        ours: { none, drafted },
        llama: await rivals.run(ids, count),
      });
    }
    const text = prompts.flatMap(({ ids }) => [...ids]);
    const outside = await outsideCost(model, { text, sampling });
    const how = sampling.temperature === 0
      ? "greedy"
      : `temperature ${sampling.temperature}, seed ${sampling.seed}`;
    return {
      tables: [
        byCategory(
          pairs,
          `${backend}, ${values.draft}, tree ${values.tree}, ${how}, ${maxTokens} tokens`,
        ),
        ...(rivals ? [besideLlama(races)] : []),
      ],
      notes: [
        `Drafts: at most ${values.rows} rows, ${model.shape.masks} masks, ${model.shape.softPrompt} prompts, ${
          adapter.maskEmbeddings ? "tuned" : "untrained"
        }, ${adapter.hydra ? "a" : "no"} Hydra head; planned for ${
          cost === "flat" ? "passes of equal cost" : "the measured cost"
        }.`,
        ...(rivals
          ? [
            "llama.cpp drafts by copying from the prompt (lookup), as there is no smaller model with this vocabulary.",
          ]
          : []),
        "Speed-up: geometric mean over prompts. Looping answers, in which a run of 16 tokens occurs twice, are counted separately.",
        `A pass of ${outside.rows} rows after ${outside.context} tokens costs ${
          outside.ms.toFixed(2)
        } ms outside the model (median of ${outside.passes}; must be under 1).`,
      ],
      data: { pairs, outside, races },
      plot: speedUps(pairs, `Speed-up, ${backend}, ${values.draft}, ${how}`),
    };
  },
};

/** The costs that the planner may assume. */
const COSTS = ["here", "flat"] as const;

/** Passes whose rows are free. */
const FLAT: Cost = { body: () => 1, head: () => 0 };

function temperature(value: string): number {
  const number = Number(value || NaN);
  if (number >= 0 && number <= 2) return number;
  throw new TypeError(
    `Cannot run the benchmark: --temperature must be from 0 to 2: received "${value}"`,
  );
}
