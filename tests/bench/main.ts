/**
 * `deno task bench NAME`: runs one benchmark and prints what it found as Markdown.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Benchmark } from "./benchmark.ts";
import { decode } from "./decode.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { overhead } from "./overhead.ts";
import { passes } from "./passes.ts";
import { plain } from "./plain.ts";
import { markdown } from "./table.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  passes,
  plain,
  overhead,
  decode,
};

function help(): string {
  const lines = Object.entries(BENCHMARKS).flatMap(([name, benchmark]) => [
    "",
    `${name}: ${benchmark.about}`,
    ...Object.entries(benchmark.options).map((
      [option, { about, default: d }],
    ) => `  ${`--${option}`.padEnd(14)} ${about} [${d || "none"}]`),
  ]);
  return [
    "deno task bench NAME [options]",
    ...lines,
    "",
    "all:",
    "  --json         file to write all that was measured to [none]",
  ].join("\n");
}

function machineLine(machine: Machine): string {
  const { cpu, cores, deno, onnxruntime, commit, load } = machine;
  return [
    `${cpu}, ${cores} cores`,
    `Deno ${deno}`,
    `ONNX Runtime ${onnxruntime}`,
    `commit ${commit}`,
    `load ${load.toFixed(1)} before`,
  ].join("; ");
}

async function bench(name: string, args: string[]): Promise<void> {
  const benchmark = BENCHMARKS[name];
  const options = { json: { default: "" }, ...benchmark.options };
  const { values } = parseArgs({
    args,
    options: Object.fromEntries(
      Object.entries(options).map(([option, { default: standard }]) => [
        option,
        { type: "string" as const, default: standard },
      ]),
    ),
  });
  const { json, ...settings } = values as Record<string, string>;
  const machine = await describeMachine();
  const { tables, notes, data } = await benchmark.run(settings);

  console.log([
    `## ${name}`,
    machineLine(machine),
    ...tables.map(markdown),
    notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n"));
  if (!json) return;
  const whole = { benchmark: name, machine, settings, results: data };
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
