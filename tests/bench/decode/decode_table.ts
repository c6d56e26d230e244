/**
 * Plain and drafted decoding of the same prompts, summarised by category.
 *
 * @module
 */

import { type Bar, bars } from "../plot.ts";
import type { Run } from "./run.ts";
import { geometricMean, sum } from "../statistics.ts";
import type { Cell, Table } from "../table.ts";

/** One prompt, decoded plainly and with drafts. */
export interface Pair {
  category: string;
  none: Run;
  drafted: Run;
}

/** Makes a row a category, one for all, and one for the answers that loop. */
export function byCategory(pairs: Pair[], title: string): Table {
  const looping = pairs.filter(({ none }) => loops(none.tokens));
  const sound = pairs.filter((pair) => !looping.includes(pair));
  const categories = Map.groupBy(sound, ({ category }) => category);
  return {
    title,
    header: [
      "category",
      "prompts",
      "tokens a pass",
      "rows a pass",
      "ms a pass, none",
      "ms a pass, drafted",
      "tokens/s, none",
      "tokens/s, drafted",
      "speed-up",
      "identical",
    ],
    rows: [
      ...[...categories].map(([name, group]) => rowOf(name, group)),
      rowOf("all", sound),
      rowOf("looping", looping),
    ],
  };
}

/** Draws the speed-up of all, and of each category with answers that do not loop. */
export function speedUps(pairs: Pair[], title: string): string {
  const { header, rows } = byCategory(pairs, title);
  const column = header.indexOf("speed-up");
  const drawn = rows.filter((row) => row[1] !== 0);
  return bars(
    title,
    drawn.map((row): Bar => [String(row[0]), Number(row[column])]),
  );
}

function rowOf(name: string, pairs: Pair[]): Cell[] {
  const none = pairs.map((pair) => pair.none);
  const drafted = pairs.map((pair) => pair.drafted);
  const ratios = pairs
    .filter((pair) => pair.none.tokens.length > 0)
    .map((pair) => perSecond([pair.drafted]) / perSecond([pair.none]));
  const identical = pairs.filter((pair) =>
    pair.none.tokens.join() === pair.drafted.tokens.join()
  );
  return [
    name,
    pairs.length,
    tokensOf(drafted) / passesOf(drafted),
    sum(drafted.map(({ rows }) => rows)) / passesOf(drafted),
    msOf(none) / passesOf(none),
    msOf(drafted) / passesOf(drafted),
    perSecond(none),
    perSecond(drafted),
    geometricMean(ratios),
    `${identical.length}/${pairs.length}`,
  ];
}

function tokensOf(runs: Run[]): number {
  return sum(runs.map(({ tokens }) => tokens.length));
}

function passesOf(runs: Run[]): number {
  return sum(runs.map(({ passes }) => passes));
}

function msOf(runs: Run[]): number {
  return sum(runs.map(({ decodeMs }) => decodeMs));
}

function perSecond(runs: Run[]): number {
  return tokensOf(runs) / msOf(runs) * 1000;
}

/** The length of a run that makes a loop when it occurs twice. */
const LENGTH = 16;

/**
 * Returns whether any run of 16 tokens occurs twice.
 *
 * Drafts guess such texts too well, so they are counted separately.
 */
export function loops(tokens: readonly number[]): boolean {
  const seen = new Set<string>();
  for (let end = LENGTH; end <= tokens.length; end++) {
    const run = tokens.slice(end - LENGTH, end).join();
    if (seen.has(run)) return true;
    seen.add(run);
  }
  return false;
}
