/**
 * One command that measures a model on any GPU: passes, texts, drafts, cached prompts
 * and several texts at once.
 *
 * @module
 */

import type { Benchmark } from "../benchmark.ts";
import { progress } from "../benchmark.ts";
import {
  measureDrafts,
  measurePasses,
  measurePrefixes,
  measureStreams,
} from "./measure.ts";
import { type GpuReport, type GpuSizes, problems, tablesOf } from "./report.ts";
import { openSubject } from "./subject.ts";

const SIZES: Record<"real" | "tiny", GpuSizes> = {
  real: {
    rows: [1, 4, 8, 16, 31],
    repeats: 9,
    tokens: 64,
    texts: 4,
    prefix: 512,
    streams: [1, 2, 4, 8, 16],
    shares: true,
  },
  tiny: {
    rows: [1, 8, 31],
    repeats: 3,
    tokens: 12,
    texts: 2,
    prefix: 80,
    streams: [1, 2, 4, 8, 16],
    shares: true,
  },
};

/** Measures the default model, or a tiny one, on the GPU. */
export const gpu: Benchmark = {
  about: "a model on webgpu: passes, drafts, cached prompts, texts at once",
  options: {
    tiny: {
      about: "whether a tiny random model is measured, as on a software driver",
      default: "",
      isFlag: true,
    },
  },
  async run({ tiny }) {
    const report = await measureGpu({
      tiny: tiny !== "",
      sizes: SIZES[tiny ? "tiny" : "real"],
    });
    const wrong = problems(report);
    return {
      tables: tablesOf(report),
      notes: [
        `Device: ${report.device}; exact: ${report.exact}.`,
        `Up to ${report.sequencesPerPass} texts share a pass.`,
        wrong.length === 0
          ? "The report makes sense."
          : `**The report makes no sense: ${wrong.join("; ")}.**`,
      ],
      data: report,
    };
  },
};

/** Measures a model. */
export async function measureGpu(
  { tiny, sizes }: { tiny: boolean; sizes: GpuSizes },
): Promise<GpuReport> {
  const steps = ["opened", "passes", "drafts", "prefixes", "streams"];
  const done = (step: string) =>
    progress(steps.indexOf(step) + 1, steps.length, step);
  const subject = await openSubject({
    tiny,
    shares: sizes.shares,
    prompts: Math.max(sizes.texts, ...sizes.streams),
  });
  using check = subject.check;
  done("opened");
  const passes = await measurePasses(subject, sizes);
  done("passes");
  const drafts = await measureDrafts(subject, sizes);
  done("drafts");
  const prefixes = await measurePrefixes(subject, sizes);
  done("prefixes");
  const streams = await measureStreams(subject, sizes);
  done("streams");
  await subject.model.close();
  return {
    device: subject.device,
    exact: check.invariant ? "bitwise" : "numerical",
    sequencesPerPass: subject.model.shape.maxSequences,
    passes,
    drafts,
    prefixes,
    streams,
  };
}
