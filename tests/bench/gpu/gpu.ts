/**
 * One command that measures a model on any GPU: passes, texts, drafts, cached prompts
 * and several texts at once.
 *
 * @module
 */

import { CONFIG } from "../../real_model.ts";
import type { Benchmark } from "../benchmark.ts";
import { progress } from "../benchmark.ts";
import { describeMachine } from "../machine.ts";
import {
  measureDrafts,
  measurePasses,
  measurePrefixes,
  measureStreams,
} from "./measure.ts";
import { pack } from "./pack.ts";
import { Parts } from "./parts.ts";
import { type GpuReport, type GpuSizes, problems, tablesOf } from "./report.ts";
import { openSubject, type Subject } from "./subject.ts";

const SIZES: Record<"real" | "tiny" | "brief", GpuSizes> = {
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
  brief: {
    rows: [1],
    repeats: 1,
    tokens: 4,
    texts: 1,
    prefix: 40,
    streams: [1, 2],
    shares: false,
  },
};

const isFlag = { default: "", isFlag: true };

/** Measures the default model, or a tiny one, on the GPU. */
export const gpu: Benchmark = {
  about: "a model on webgpu: passes, drafts, cached prompts, texts at once",
  options: {
    tiny: {
      about: "whether a tiny random model is measured, as on a software driver",
      ...isFlag,
    },
    brief: {
      about: "whether as little as possible is measured, to see that it works",
      ...isFlag,
    },
    progress: {
      about: "file of the finished parts, from which a second start goes on",
      default: `${CONFIG.cacheDir}/bench-gpu.json`,
    },
    pack: {
      about: "folder to make instead, that measures without a network",
      default: "",
    },
  },
  async run({ tiny, brief, progress: path, pack: folder }) {
    if (folder) {
      await pack(folder, { tiny: tiny !== "" });
      const notes = [`On the machine with the GPU: sh ${folder}/start.sh`];
      return { tables: [], notes, data: undefined };
    }
    const report = await measureGpu({
      path,
      tiny: tiny !== "",
      sizes: SIZES[brief ? "brief" : tiny ? "tiny" : "real"],
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

/** Measures a model, and keeps what is finished in the file at `path` until all is. */
async function measureGpu(
  { path, tiny, sizes }: { path: string; tiny: boolean; sizes: GpuSizes },
): Promise<GpuReport> {
  const names = ["passes", "drafts", "prefixes", "streams"];
  const subject = await openSubject({
    tiny,
    shares: sizes.shares,
    prompts: Math.max(sizes.texts, ...sizes.streams),
  });
  using check = subject.check;
  const { device, model, graphs } = subject;
  const { commit } = await describeMachine();
  const parts = await Parts.open(path, {
    commit,
    device,
    model: graphs,
    sizes,
  });
  progress(0, names.length, `finished before: ${parts.names.join() || "none"}`);
  const take = async <T>(
    name: string,
    measure: (subject: Subject, sizes: GpuSizes) => Promise<T>,
  ) => {
    const part = await parts.take(name, () => measure(subject, sizes));
    progress(names.indexOf(name) + 1, names.length, name);
    return part;
  };
  const report = {
    device,
    exact: check.invariant ? "bitwise" as const : "numerical" as const,
    sequencesPerPass: model.shape.maxSequences,
    passes: await take("passes", measurePasses),
    drafts: await take("drafts", measureDrafts),
    prefixes: await take("prefixes", measurePrefixes),
    streams: await take("streams", measureStreams),
  };
  await parts.end();
  await model.close();
  return report;
}
