/**
 * The gain of drafting on a machine with given costs, computed from recorded logits.
 *
 * There is no noise, so that small differences between planners show.
 *
 * @module
 */

import { costCurve } from "../../../lib/bita/cost/cost_curve.ts";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { decodedPlainly } from "../../bita/_run.ts";
import { CONFIG, formatOn, realArtefact } from "../../real_model.ts";
import { type Benchmark, integer, progress } from "../benchmark.ts";
import { byCategory, type Pair } from "../decode/decode_table.ts";
import { drafter, DRAFTER_OPTIONS } from "../decode/drafter.ts";
import { loadPrompts, promptOptions } from "../prompts.ts";
import { RecordedModel } from "./recorded_model.ts";
import { record, type Recording } from "./recording.ts";
import { runText } from "../decode/run.ts";

const CONTEXT = 2048;

/** Compares drafting with plain decoding by a clock that counts the cost of passes. */
export const replay: Benchmark = {
  about: "speed-up for given costs of a pass, on recorded texts",
  options: {
    ...promptOptions({ limit: 8, tokens: 128 }),
    recording: {
      about: "file of the texts recorded with an adapter; made if missing",
      default: "",
    },
    body: {
      about: "ms of a pass by its number of rows, such as 2:14,4:19,16:49",
      default: "1:1,2:1",
    },
    head: {
      about: "ms of the logits by the number of rows",
      default: "1:0,2:0",
    },
    step: { about: "ms of a step of the Hydra head", default: "0" },
    ...DRAFTER_OPTIONS,
  },
  async run(values) {
    const { prompts, tokenizer } = await loadPrompts(values);
    const { endTokens } = tokenizer;
    const maxTokens = integer(values, "tokens");
    const artefact = await realArtefact(formatOn("cpu"), values);
    const { adapter } = artefact;
    const recordings = await readOrRecord(values.recording, async () => {
      const backend = await openBackend("cpu", CONFIG);
      const model = await openModel(backend, artefact, { context: CONTEXT });
      const made: Recording[] = [];
      for (const [index, { category, ids }] of prompts.entries()) {
        progress(index + 1, prompts.length, `recording ${category}`);
        const steps = await record(model, ids, { maxTokens, endTokens });
        made.push({ prompt: [...ids], steps });
      }
      return made;
    });
    const cost = { body: curve(values, "body"), head: curve(values, "head") };
    const model = new RecordedModel({
      recordings,
      vocab: artefact.config.vocab,
      draftVocab: adapter.hydra?.vocab,
      maxRows: integer(values, "rows"),
      cost,
      stepMs: milliseconds(values.step),
    });
    const drafting = drafter(values, { model, cost, adapter });
    const now = () => model.ms;
    const options = { sampling: GREEDY, maxTokens, endTokens };
    const pairs: Pair[] = [];
    for (const { category, ids } of prompts) {
      const none = await runText(decodedPlainly(model, ids, options), now);
      const drafted = await runText(drafting(ids, options), now);
      pairs.push({ category, none, drafted });
    }
    return {
      tables: [
        byCategory(
          pairs,
          `recorded, ${values.draft}, tree ${values.tree}, greedy`,
        ),
      ],
      notes: [
        "Times are the given costs of passes and of steps of the Hydra head; planning costs nothing.",
      ],
      data: { pairs },
    };
  },
};

/** Reads recordings from a file, or makes them and writes the file. */
async function readOrRecord(
  path: string,
  make: () => Promise<Recording[]>,
): Promise<Recording[]> {
  try {
    if (path) return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const made = await make();
  if (path) await Deno.writeTextFile(path, JSON.stringify(made));
  return made;
}

/** Parses a curve such as `"2:10,8:30"`. */
function curve(values: Record<string, string>, name: string) {
  return costCurve(
    values[name].split(",").map((point) => {
      const [rows, ms] = point.split(":");
      return [integer({ rows }, "rows"), milliseconds(ms)] as const;
    }),
  );
}

function milliseconds(value: string | undefined): number {
  const number = Number(value || NaN);
  if (number >= 0) return number;
  throw new TypeError(
    `Cannot run the benchmark: milliseconds of at least 0 are required: received "${value}"`,
  );
}
