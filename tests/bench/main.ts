/**
 * `deno task bench NAME`: runs one benchmark and prints its report as Markdown.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Benchmark, Option } from "./benchmark.ts";
import { decode } from "./decode/decode.ts";
import {
  cpuTime,
  describeMachine,
  type Machine,
  othersShare,
} from "./machine.ts";
import { gpu } from "./gpu/gpu.ts";
import { grammar } from "./decode/grammar.ts";
import { memory } from "./cache/memory.ts";
import { cold } from "./start/cold.ts";
import { long } from "./serve/long.ts";
import { overhead } from "./serve/overhead.ts";
import { passes } from "./decode/passes.ts";
import { plain } from "./decode/plain.ts";
import { prediction } from "./decode/prediction.ts";
import { prefix } from "./cache/prefix.ts";
import { replay } from "./replay/replay.ts";
import { pressure } from "./serve/pressure.ts";
import { serve } from "./serve/serve.ts";
import { sleep } from "./start/sleep.ts";
import { shapes } from "./shapes/shapes.ts";
import { markdown } from "./table.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  passes,
  plain,
  shapes,
  overhead,
  decode,
  replay,
  grammar,
  serve,
  cold,
  sleep,
  long,
  pressure,
  prediction,
  prefix,
  memory,
  gpu,
};

/** The most of the processors' time that other processes may take. */
const MOST_OTHERS = 0.05;

function help(): string {
  const lines = Object.entries(BENCHMARKS).flatMap(([name, benchmark]) => [
    "",
    `${name}: ${benchmark.about}`,
    ...Object.entries(benchmark.options).map((
      [option, { about, default: d }],
    ) => `  ${`--${option}`.padEnd(17)} ${about} [${d || "none"}]`),
  ]);
  return [
    "deno task bench NAME [options]",
    ...lines,
    "",
    "all:",
    "  --json            file to write everything measured to [none]",
    "  --svg             file to write a plot of passes or decode to [none]",
  ].join("\n");
}

function machineLine(machine: Machine): string {
  const { cpu, cores, deno, onnxruntime, commit } = machine;
  return [
    `${cpu}, ${cores} cores`,
    `Deno ${deno}`,
    `ONNX Runtime ${onnxruntime}`,
    `commit ${commit}`,
  ].join("; ");
}

/** Describes how busy other processes were; spinning threads suffer most from them. */
function disturbance(others: number | undefined): string {
  if (others === undefined) return "The load by other processes is unknown.";
  const share = `Other processes took ${
    (others * 100).toFixed(1)
  } % of the processors' time`;
  return others > MOST_OTHERS
    ? `**${share}: these numbers do not count, measure again on a quiet machine.**`
    : `${share}.`;
}

async function bench(name: string, args: string[]): Promise<void> {
  const benchmark = BENCHMARKS[name];
  const files = { json: { default: "" }, svg: { default: "" } };
  const options: Record<string, Pick<Option, "default" | "isFlag">> = {
    ...files,
    ...benchmark.options,
  };
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(
      Object.entries(options).map(([option, { default: standard, isFlag }]) => [
        option,
        isFlag
          ? { type: "boolean" as const }
          : { type: "string" as const, default: standard },
      ]),
    ),
  });
  const { json, svg, ...settings } = Object.fromEntries(
    Object.keys(options).map((name) => [name, String(values[name] ?? "")]),
  );
  const machine = await describeMachine();
  const before = await cpuTime();
  const { tables, notes, data, plot } = await benchmark.run(settings);
  const after = await cpuTime();
  const others = before && after && othersShare(before, after);

  console.log([
    `## ${name}`,
    machineLine(machine),
    ...tables.map(markdown),
    [...notes, disturbance(others)].map((note) => `- ${note}`).join("\n"),
  ].join("\n\n"));
  if (svg && plot) await Deno.writeTextFile(svg, plot);
  if (!json) return;
  const whole = { benchmark: name, machine, others, settings, results: data };
  await Deno.writeTextFile(json, `${JSON.stringify(whole, null, 2)}\n`);
}

if (import.meta.main) {
  const [name, ...args] = Deno.args;
  if (!Object.hasOwn(BENCHMARKS, name ?? "")) {
    console.log(help());
    Deno.exit(name === undefined || name === "--help" ? 0 : 1);
  }
  try {
    await bench(name, args);
    Deno.exit(0); // wasm threads would keep the process alive
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
