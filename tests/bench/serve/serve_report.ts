/**
 * The tables of `deno task bench serve`: rates, their ratios, and what clients see.
 *
 * @module
 */

import type { Report } from "../benchmark.ts";
import { median } from "../statistics.ts";
import type { Cell, Table } from "../table.ts";
import type { StreamFigures } from "./streams.ts";

/** A number of streams, and what was measured with it. */
export interface Level {
  streams: number;
  /** In the same order at every level. */
  contestants: { name: string; repeats: StreamFigures[] }[];
}

type Metric = "tokensPerSecond" | "decodedPerSecond";

/** Sums up the levels; `drafts` names this checkout's own contestants. */
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
        title: `The same while all streams decode, without prompts`,
        drafts,
      }),
      clients(levels),
    ],
    notes: [
      ...notes,
      "Every rate and ratio is the median over repeats; a ratio compares rates of the same repeat.",
      "Tokens a second count the prompts' time, for llama.cpp too; every number of streams answers the same prompts, in rounds.",
      "Times to the first token include waiting; slowest/fastest compares the time a token after the first within a round.",
      "Identical: the text that the same process gave to the same prompt alone, without drafts if none comes first.",
    ],
    data: levels,
  };
}

/** Compares rates: a column a contestant, then ratios to fewest streams and to others. */
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
      ...names.map((name) => `${name}, to ${fewest.streams}`),
      ...pairs.map((pair) => pair.join(" / ")),
    ],
    rows: levels.map((level): Cell[] => [
      level.streams,
      ...names.map((name) => median(of(level, name))),
      ...names.map((name) => ratio(of(level, name), of(fewest, name))),
      ...pairs.map(([a, b]) => ratio(of(level, a), of(level, b))),
    ]),
  };
}

/** The median ratio, repeat by repeat. */
function ratio(rates: readonly number[], others: readonly number[]): number {
  return median(rates.map((rate, i) => rate / others[i]));
}

/** Shows what clients see, a row a level and contestant. */
function clients(levels: readonly Level[]): Table {
  return {
    title: "What clients see",
    header: [
      "streams",
      "of",
      "ms to first token",
      "longest",
      "ms between pieces",
      "95 % under",
      "slowest/fastest",
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
          `${identical}/${answers}`,
        ];
      })
    ),
  };
}
