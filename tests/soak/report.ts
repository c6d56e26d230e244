/**
 * What a soak shows people: a picture of its samples, and its judgement in lines.
 *
 * @module
 */

import { type Line, lines, stack } from "../bench/plot.ts";
import type { Finding, Sample } from "./judge.ts";

const MIB = 2 ** 20;

/** Draws memory, counts and latency over time. */
export function picture(title: string, samples: readonly Sample[]): string {
  const line = (name: string, value: (sample: Sample) => number | null) => ({
    name,
    points: samples.flatMap((sample): Line["points"] => {
      const y = value(sample);
      return y === null ? [] : [[sample.seconds / 60, y]];
    }),
  });
  const chart = (y: string, series: Line[]) =>
    lines(`${title}: ${y}`, series, { x: "minutes", y });
  return stack([
    chart("MiB", [
      line("resident", ({ rss }) => rss / MIB),
      line("heap", ({ heap }) => heap / MIB),
    ]),
    chart("number", [
      line("descriptors", ({ descriptors }) => descriptors),
      line("threads", ({ threads }) => threads),
    ]),
    chart("ms a request", [
      line("median", ({ medianMs }) => medianMs),
      line("95 %", ({ p95Ms }) => p95Ms),
    ]),
  ]);
}

/** Writes a judgement as a line for each quantity. */
export function verdict(findings: readonly Finding[]): string[] {
  return findings.map(({ name, median, growth, limit, isRight }) => {
    const [unit, digits] = ["rss", "heap"].includes(name) ? [MIB, 1] : [1, 0];
    const [middle, grown, most] = [median, growth, limit]
      .map((value) => (value / unit).toFixed(digits));
    const of = unit === MIB ? " MiB" : "";
    return `${isRight ? "ok" : "BAD"} ${name}: ${middle}${of}, ` +
      `grew by ${grown}${of} of ${most}${of} allowed`;
  });
}
