/**
 * The command of benchmarks: it runs one of them and prints its report as Markdown.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Benchmark, Option } from "./benchmark.ts";
import {
  cpuTime,
  describeMachine,
  type Machine,
  othersShare,
} from "./machine.ts";
import { markdown } from "./table.ts";

/** Benchmarks by name. */
type Benchmarks = Readonly<Record<string, Benchmark>>;

/** The most of the processors' time that other processes may take. */
const MOST_OTHERS = 0.05;

function help(benchmarks: Benchmarks): string {
  const lines = Object.entries(benchmarks).flatMap(([name, benchmark]) => [
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
    "  --markdown        file to write the report to, too [none]",
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

async function bench(
  name: string,
  benchmark: Benchmark,
  args: string[],
): Promise<void> {
  const file = { default: "" };
  const files = { json: file, markdown: file, svg: file };
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
  const { json, markdown: text, svg, ...settings } = Object.fromEntries(
    Object.keys(options).map((name) => [name, String(values[name] ?? "")]),
  );
  const machine = await describeMachine();
  const before = await cpuTime();
  const { tables, notes, data, plot } = await benchmark.run(settings);
  const after = await cpuTime();
  const others = before && after && othersShare(before, after);

  const report = [
    `## ${name}`,
    machineLine(machine),
    ...tables.map(markdown),
    [...notes, disturbance(others)].map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
  console.log(report);
  if (text) await Deno.writeTextFile(text, `${report}\n`);
  if (svg && plot) await Deno.writeTextFile(svg, plot);
  if (!json) return;
  const whole = { benchmark: name, machine, others, settings, results: data };
  await Deno.writeTextFile(json, `${JSON.stringify(whole, null, 2)}\n`);
}

/** Runs the benchmark that the first of `args` names, and ends the process. */
export async function runCommand(
  benchmarks: Benchmarks,
  [name, ...args]: readonly string[],
): Promise<never> {
  if (!Object.hasOwn(benchmarks, name ?? "")) {
    console.log(help(benchmarks));
    Deno.exit(name === undefined || name === "--help" ? 0 : 1);
  }
  try {
    await bench(name, benchmarks[name], args);
    Deno.exit(0); // wasm threads would keep the process alive
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
