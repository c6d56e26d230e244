/**
 * The cost of a pass by its number of rows, which decides how many drafts pay.
 *
 * @module
 */

import type { Model, Sequence } from "../../../lib/bita/decode/model.ts";
import { layOut } from "../../../lib/bita/tree/pass_layout.ts";
import { prefill } from "../../../lib/bita/decode/prefill.ts";
import { Scheduler } from "../../../lib/worker/scheduler.ts";
import { chain } from "../../../lib/bita/tree/tree.ts";
import { type BackendName, BACKENDS } from "../../../lib/runtime/backend.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { CONFIG, formatOn, realArtefact } from "../../real_model.ts";
import { type Benchmark, integer, progress, someOf } from "../benchmark.ts";
import { asServed } from "../as_served.ts";
import { type Line, lines } from "../plot.ts";
import { median } from "../statistics.ts";

const ROWS = [1, 2, 4, 8, 12, 16, 24, 32];

/** Repeats on a GPU, which may be a software driver. */
const GPU_REPEATS = 3;

/** Times of passes with the same number of rows, in milliseconds. */
interface Samples {
  backend: BackendName;
  rows: number;
  body: number[];
  head: number[];
}

/** A sequence after its prefill, on which passes are timed. */
interface Bench {
  backend: BackendName;
  model: Model;
  sequence: Sequence;
  /** Mask tokens after each token. */
  masks: number;
  samples: Samples[];
}

/** Times passes of 1 to 32 rows. */
export const passes: Benchmark = {
  about: "ms a pass by its number of rows",
  options: {
    backend: {
      about: `some of ${BACKENDS.join(",")}`,
      default: "cpu,wasm",
    },
    repeats: { about: "passes of each number of rows", default: "9" },
    behind: { about: "tokens of context before each pass", default: "256" },
    masks: {
      about: "mask tokens after each token, counted as rows",
      default: "0",
    },
    adapter: { about: "file of the adapter with the mask tokens", default: "" },
  },
  async run(values) {
    const repeats = integer(values, "repeats");
    const before = integer(values, "behind");
    const benches: Bench[] = [];
    for (const backend of someOf(values.backend, BACKENDS)) {
      benches.push(await open(backend, values));
    }
    for (let repeat = -1; repeat < repeats; repeat++) {
      progress(repeat + 1, repeats, repeat < 0 ? "warm" : "timed");
      for (const bench of benches) {
        if (bench.backend === "webgpu" && repeat >= GPU_REPEATS) continue;
        await sample(bench, { keep: repeat >= 0 });
      }
    }
    for (const { sequence } of benches) sequence.close();
    const data = benches.flatMap(({ samples }) => samples);
    return {
      tables: [tableOf(data, before)],
      notes: NOTES,
      data,
      plot: plotOf(data, before),
    };
  },
};

const NOTES = [
  "Medians of interleaved repeats, after one warm-up; head: logits of all rows.",
  "A backend pads passes to its minimum of rows (on cpu 1, or 2 where a single row has other bits; on webgpu 4); up to its maximum, the bits of a row do not depend on the number of rows.",
];

async function open(
  backend: BackendName,
  values: Record<string, string>,
): Promise<Bench> {
  const before = integer(values, "behind");
  const masks = integer(values, "masks", { least: 0 });
  const opened = await openBackend(backend, CONFIG);
  const { adapter } = values;
  const artefact = await realArtefact(
    formatOn(backend),
    adapter ? { adapter } : {},
  );
  const context = before + Math.max(...ROWS);
  const model = await openModel(opened, artefact, { context });
  await asServed(model);
  if (masks > model.shape.masks) {
    throw new TypeError(
      `Cannot run the benchmark: --masks must be at most ${model.shape.masks}: received "${masks}"`,
    );
  }
  const prompt = arbitraryTokens(before + 1);
  const sequence = model.open(prompt);
  await prefill(new Scheduler(model), sequence, { prompt });
  const { max } = opened.rows;
  const group = 1 + masks;
  const widths = new Set(
    ROWS.map((rows) => Math.ceil(Math.min(rows, max - masks) / group) * group),
  );
  const samples = [...widths].map((rows): Samples => (
    { backend, rows, body: [], head: [] }
  ));
  return { backend, model, sequence, masks, samples };
}

/** Times a pass of each number of rows. */
async function sample(
  { model, sequence, masks, samples }: Bench,
  { keep }: { keep: boolean },
): Promise<void> {
  for (const { rows, body, head } of samples) {
    const tokens = arbitraryTokens(rows / (1 + masks));
    const step = layOut({
      parents: chain(tokens.length - 1),
      tokens,
      masks: new Int32Array(tokens.length).fill(masks),
    });
    const start = sequence.length;
    const begun = performance.now();
    const [output] = await model.run([{ ...step, sequence, start, read: [] }]);
    const between = performance.now();
    await output.read(Array.from({ length: rows }, (_, row) => row));
    const end = performance.now();
    output.release();
    if (!keep) continue;
    body.push(between - begun);
    head.push(end - between);
  }
}

/** Returns fixed tokens, spread over the first part of the vocabulary. */
function arbitraryTokens(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => 1000 + i * 37 % 10_000);
}

function plotOf(data: Samples[], before: number): string {
  const series = [...Map.groupBy(data, ({ backend }) => backend)]
    .map(([name, samples]): Line => ({
      name,
      points: samples.map(({ rows, body, head }) => [
        rows,
        median(body.map((ms, i) => ms + head[i])),
      ]),
    }));
  return lines(`Milliseconds a pass after ${before} tokens`, series, {
    x: "rows",
    y: "ms",
  });
}

function tableOf(data: Samples[], before: number) {
  return {
    title: `Milliseconds a pass after ${before} tokens`,
    header: ["backend", "weights", "rows", "body", "head", "both", "passes"],
    rows: data.map(({ backend, rows, body, head }) => [
      backend,
      formatOn(backend),
      rows,
      median(body),
      median(head),
      median(body.map((ms, i) => ms + head[i])),
      body.length,
    ]),
  };
}
