/**
 * The gain of a request's `prediction`: answers predicted except for some edits, as when
 * a client wants a file changed and sends the old one.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { Drafting } from "../../../lib/worker/drafting.ts";
import { type BackendName, BACKENDS } from "../../../lib/runtime/backend.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { ADAPTER, CONFIG, formatOn, realArtefact } from "../../real_model.ts";
import {
  type Benchmark,
  integer,
  progress,
  type Report,
  someOf,
} from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { loadPrompts, promptOptions } from "../prompts.ts";
import { type Run, runText } from "./run.ts";
import { geometricMean, sum } from "../statistics.ts";

const CONTEXT = 1024;

/** An answer decoded plainly, and with predictions of it. */
interface Sample {
  category: string;
  plain: Run;
  /** One run for each number of edits. */
  foreseen: Run[];
}

/** Compares decoding with a prediction to plain decoding. */
export const prediction: Benchmark = {
  about: "speed-up by predictions that are right except for some tokens",
  options: {
    ...promptOptions({ limit: 4, tokens: 200 }),
    edits: {
      about: "numbers of tokens that differ, spread evenly",
      default: "0,10,40",
    },
    backend: { about: `one of ${BACKENDS.join(",")}`, default: "cpu" },
    category: { about: "category of the prompts, or any", default: "coding" },
  },
  async run(values) {
    const [backend] = someOf(values.backend, BACKENDS);
    const maxTokens = integer(values, "tokens");
    const edits = values.edits.split(",").map((count) =>
      integer({ edits: count }, "edits", { least: 0 })
    );
    const { prompts } = await loadPrompts({ ...values, limit: "1000" });
    const { category } = values;
    const chosen = prompts
      .filter((prompt) => category === "any" || prompt.category === category)
      .slice(0, integer(values, "limit"));
    if (chosen.length === 0) {
      throw new TypeError(
        `Cannot run the benchmark: prompts of the category are required: received none of "${category}"`,
      );
    }
    const artefact = await realArtefact(formatOn(backend), {
      adapter: ADAPTER,
    });
    const model = await openModel(
      await openBackend(backend, CONFIG),
      artefact,
      { context: CONTEXT },
    );
    const { cost } = await asServed(model);
    const now = () => performance.now();
    model.onWork = ({ part, ...work }) => cost.learn(part, work);
    const drafting = new Drafting({
      scheduler: new Scheduler(model),
      cost,
      adapter: artefact.adapter,
    });
    const options = {
      sampling: GREEDY,
      maxTokens,
      endTokens: new Set<number>(), // every run has the same length
    };
    const samples: Sample[] = [];
    for (const [index, { category, ids }] of chosen.entries()) {
      progress(index + 1, chosen.length, category);
      const run = async (fields: object) => {
        const sequence = model.open(ids);
        const all = {
          ...options,
          prompt: ids,
          draft: "auto",
          ...fields,
        } as const;
        const text = await runText(drafting.decode(sequence, all), now);
        sequence.close();
        return text;
      };
      const plain = await run({ draft: "none" });
      const foreseen = [];
      for (const count of edits) {
        const prediction = edited(plain.tokens, count);
        foreseen.push(await run({ prediction }));
      }
      samples.push({ category, plain, foreseen });
    }
    return report(samples, { edits, backend });
  },
};

/** Replaces `count` tokens at equal distances. */
function edited(tokens: readonly number[], count: number): Int32Array {
  const out = Int32Array.from(tokens);
  for (let edit = 0; edit < count; edit++) {
    const place = Math.floor((edit + 0.5) * tokens.length / count);
    out[place] = 1000 + (tokens[place] + 37 * edit + 1) % 10_000;
  }
  return out;
}

function report(
  samples: Sample[],
  { edits, backend }: { edits: number[]; backend: BackendName },
): Report {
  const same = (run: Run, { plain }: Sample) =>
    run.tokens.join() === plain.tokens.join();
  return {
    tables: [{
      title: `${samples.length} answers on ${backend}, predicted`,
      header: [
        "edits",
        "tokens a pass",
        "rows a pass",
        "speed-up",
        "least",
        "identical",
      ],
      rows: edits.map((count, i) => {
        const runs = samples.map(({ foreseen }) => foreseen[i]);
        const passes = sum(runs.map(({ passes }) => passes));
        const ratios = samples.map(({ plain }, at) =>
          plain.decodeMs / runs[at].decodeMs
        );
        return [
          count,
          sum(runs.map(({ tokens }) => tokens.length)) / passes,
          sum(runs.map(({ rows }) => rows)) / passes,
          geometricMean(ratios),
          Math.min(...ratios),
          `${
            runs.filter((run, at) => same(run, samples[at])).length
          }/${runs.length}`,
        ];
      }),
    }],
    notes: [
      "The prediction is the plain answer with some tokens replaced at equal distances.",
      "Speed-up: over plain decoding of the same answer, without the prompt; geometric mean over answers.",
    ],
    data: samples,
  };
}
