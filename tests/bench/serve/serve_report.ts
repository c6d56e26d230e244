/**
 * The report of `deno task bench serve`: rates, their ratios, waiting times.
 *
 * @module
 */

import type { Report } from "../benchmark.ts";
import { median } from "../statistics.ts";
import type { Cell, Table } from "../table.ts";
import type { StreamFigures } from "./streams.ts";

/** Figures for a number of streams. */
export interface Level {
  streams: number;
  /** In the same order at each level; one element of `repeats` a repeat. */
  contestants: { name: string; repeats: StreamFigures[] }[];
}

type Metric = "tokensPerSecond" | "decodedPerSecond";

/** Summarises the levels; `drafts` names the contestants of this checkout. */
export function report(
  levels: readonly Level[],
  { title, drafts, notes }: {
    title: string;
    drafts: readonly string[];
    notes: string[];
  },
): Report {
  return {
    tables: [
      rates(levels, {
        metric: "tokensPerSecond",
        title: `Tokens a second of all streams, ${title}`,
        drafts,
      }),
      rates(levels, {
        metric: "decodedPerSecond",
        title: "Tokens a second while all streams decode",
        drafts,
      }),
      clients(levels),
    ],
    notes: [
      ...notes,
      "Rates and ratios are medians over repeats; a ratio compares rates of the same repeat.",
      "All rates but those while all streams decode include the time of the prompts, for llama.cpp too. Each number of streams answers the same prompts, in rounds.",
      "Slowest/fastest: time a token after the first, the slowest stream of a round to the fastest.",
      "Identical: texts equal to those that the same process gives with one stream and the first value of `draft`.",
    ],
    data: levels,
  };
}

/**
 * Makes a table of rates: a column a contestant, then each one's ratio to the fewest
 * streams, then the ratios of this checkout's contestants to the others.
 */
export function rates(
  levels: readonly Level[],
  { metric, title, drafts }: {
    metric: Metric;
    title: string;
    drafts: readonly string[];
  },
): Table {
  const fewest = levels[0];
  const names = fewest.contestants.map(({ name }) => name);
  const scaled = levels.length > 1 ? names : [];
  const others = names.filter((name) => !drafts.includes(name));
  const pairs = [
    ...drafts.slice(1).map((draft) => [draft, drafts[0]]),
    ...drafts.flatMap((draft) =>
      others
        .filter((other) =>
          !other.startsWith("baseline") || other.endsWith(` ${draft}`)
        )
        .map((other) => [draft, other])
    ),
  ];
  const of = ({ contestants }: Level, wanted: string) =>
    contestants.find(({ name }) => name === wanted)!.repeats
      .map((figures) => figures[metric]);
  return {
    title,
    header: [
      "streams",
      ...names,
      ...scaled.map((name) => `${name}, to ${fewest.streams}`),
      ...pairs.map((pair) => pair.join(" / ")),
    ],
    rows: levels.map((level): Cell[] => [
      level.streams,
      ...names.map((name) => median(of(level, name))),
      ...scaled.map((name) => ratio(of(level, name), of(fewest, name))),
      ...pairs.map(([a, b]) => ratio(of(level, a), of(level, b))),
    ]),
  };
}

/** Returns the median of the ratios of the same repeat. */
function ratio(rates: readonly number[], others: readonly number[]): number {
  return median(rates.map((rate, i) => rate / others[i]));
}

/** Makes a table of waiting times, a row for each level and contestant. */
function clients(levels: readonly Level[]): Table {
  return {
    title: "Waiting times and texts",
    header: [
      "streams",
      "answered by",
      "ms to first token",
      "longest",
      "ms between pieces",
      "95 % under",
      "slowest/fastest",
      "guesses a token",
      "identical",
    ],
    rows: levels.flatMap(({ streams, contestants }) =>
      contestants.map(({ name, repeats }): Cell[] => {
        const middle = (of: (figures: StreamFigures) => number) =>
          median(repeats.map(of));
        const identical = repeats.reduce((all, r) => all + r.identical, 0);
        const answers = repeats.reduce((all, r) => all + r.answers, 0);
        return [
          streams,
          name,
          middle(({ first }) => first),
          middle(({ longestFirst }) => longestFirst),
          middle(({ between }) => between),
          middle(({ longBetween }) => longBetween),
          middle(({ slowestOverFastest }) => slowestOverFastest),
          middle(({ guesses }) => guesses),
          `${identical}/${answers}`,
        ];
      })
    ),
  };
}
