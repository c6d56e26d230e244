/**
 * The report on a model on a GPU, as tables, and what is wrong with it.
 *
 * @module
 */

import type { Table } from "../table.ts";

/** How much is measured. */
export interface GpuSizes {
  /** Rows of the passes. */
  rows: readonly number[];
  /** Passes of each. */
  repeats: number;
  /** Tokens of a text. */
  tokens: number;
  /** Texts of each kind of draft. */
  texts: number;
  /** Tokens of the prompt that is cached. */
  prefix: number;
  /** Texts at once. */
  streams: readonly number[];
  /** Whether they share passes. */
  shares: boolean;
}

/** What was measured. */
export interface GpuReport {
  /** What the adapter calls itself. */
  device: string;
  /** Whether a row's bits depend on its text alone. */
  exact: "bitwise" | "numerical";
  /** The most texts that share a pass. */
  sequencesPerPass: number;
  passes: {
    rows: number;
    ms: number;
    dispatches: number;
    /** Bytes written to the device, and read from it. */
    up: number;
    down: number;
  }[];
  /** Tokens a second and a pass, and the share of texts that are those without drafts. */
  drafts: {
    draft: string;
    perSecond: number;
    perPass: number;
    drafted: number;
    accepted: number;
    identical: number;
  }[];
  /** Milliseconds to the first token, by where the prompt's keys and values are. */
  prefixes: {
    from: string;
    firstMs: number;
    cached: number;
    identical: number;
  }[];
  streams: {
    streams: number;
    perSecond: number;
    firstMs: number;
    identical: number;
  }[];
}

/** Lists what no right measurement has; an empty list is a report that makes sense. */
export function problems(report: GpuReport): string[] {
  const found: string[] = [];
  const { device, exact, sequencesPerPass, ...parts } = report;
  if (!(sequencesPerPass > 0)) found.push("no text has a pass");
  if (!device) found.push("the device has no name");
  for (const [part, rows] of Object.entries(parts)) {
    if (rows.length === 0) found.push(`${part}: nothing was measured`);
    for (const row of rows) {
      const [name] = Object.values(row);
      for (const [key, value] of Object.entries(row)) {
        if (typeof value === "string") continue;
        const mayBeZero = ["drafted", "accepted", "cached"].includes(key);
        // JSON has null for what is no number.
        const isRight = value !== null && (mayBeZero ? value >= 0 : value > 0);
        if (!isRight) found.push(`${part}, ${name}: ${key} is ${value}`);
      }
      const identical = "identical" in row ? row.identical : 1;
      if (exact === "bitwise" && identical < 1) {
        found.push(`${part}, ${name}: other tokens`);
      }
    }
  }
  const [cold, ...cached] = parts.prefixes;
  if (cold?.cached > 0) found.push("prefixes, cold: it was cached");
  for (const { from, cached: tokens } of cached) {
    if (tokens === 0) found.push(`prefixes, ${from}: nothing was cached`);
  }
  return found;
}

/** Lays the report out as tables. */
export function tablesOf(
  { passes, drafts, prefixes, streams }: GpuReport,
): Table[] {
  return [
    {
      title: "Greedy passes by rows",
      header: ["rows", "ms", "dispatches", "bytes up", "bytes down"],
      rows: passes.map((row) => Object.values(row)),
    },
    {
      title: "Texts by what drafts",
      header: [
        "draft",
        "tokens/s",
        "tokens a pass",
        "drafted",
        "accepted",
        "identical",
      ],
      rows: drafts.map((row) => Object.values(row)),
    },
    {
      title: "A prompt by where it is cached",
      header: ["from", "ms to the first token", "tokens cached", "identical"],
      rows: prefixes.map((row) => Object.values(row)),
    },
    {
      title: "Texts at once",
      header: ["texts", "tokens/s", "ms to the first token", "identical"],
      rows: streams.map((row) => Object.values(row)),
    },
  ];
}
