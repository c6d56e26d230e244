/**
 * Whether a server that has worked for long is as it was after its first third: the same
 * memory, descriptors and threads, and only right answers. Pure.
 *
 * @module
 */

import { median } from "../bench/statistics.ts";

/** What was seen of the server in one interval, at the end of which it had no work. */
export interface Sample {
  /** Seconds since the work began. */
  seconds: number;
  /** Requests since the work began. */
  requests: number;
  /** Resident memory, in bytes. */
  rss: number;
  /** JavaScript heap of the main thread after a collection, in bytes. */
  heap: number;
  descriptors: number;
  threads: number;
  /** Latency of the interval's requests, in milliseconds; `null` if there were none. */
  medianMs: number | null;
  p95Ms: number | null;
  /** Answers since the work began that were not those of the requests alone. */
  wrong: number;
  /** Requests since the work began that were answered with an error. */
  failed: number;
  /** Requests that were refused as the machine was too busy for their grammars. */
  late: number;
  /** Milliseconds of the interval in which everything was stopped. */
  gapMs: number;
  /** Processor time of the server and its clients, in parts of one core's. */
  share: number;
}

/** A quantity, and how much it may grow after the warm-up. */
interface Limit {
  name: "rss" | "heap" | "descriptors" | "threads";
  /** Growth that is noise in a run of any length. */
  least: number;
  /** Growth that is allowed for each request. */
  perRequest: number;
}

const MIB = 2 ** 20;

const LIMITS: Limit[] = [
  { name: "rss", least: 24 * MIB, perRequest: 1024 },
  { name: "heap", least: 2 * MIB, perRequest: 128 },
  { name: "descriptors", least: 4, perRequest: 0 },
  { name: "threads", least: 2, perRequest: 0 },
];

/** Part of the samples that is warm-up. */
const WARM_UP = 1 / 3;

/** The fewest samples after the warm-up that show a trend. */
const FEWEST = 8;

/** What was found of one quantity. */
export interface Finding {
  name: string;
  /** What it was at the middle of the judged part. */
  median: number;
  /** By how much it grew over the judged part, by the median slope. */
  growth: number;
  limit: number;
  isRight: boolean;
}

/**
 * Judges a run.
 *
 * @throws {RangeError} if there are too few samples.
 */
export function judge(samples: readonly Sample[]): Finding[] {
  const judged = samples.slice(Math.ceil(samples.length * WARM_UP));
  if (judged.length < FEWEST) {
    throw new RangeError(
      `Cannot judge a soak: ${FEWEST} samples after the warm-up are required: received ${judged.length}`,
    );
  }
  const last = samples.at(-1)!;
  const requests = last.requests - judged[0].requests;
  const trends = LIMITS.map(({ name, least, perRequest }): Finding => {
    const growth = requests *
      medianSlope(judged.map((sample) => [sample.requests, sample[name]]));
    const limit = Math.max(least, perRequest * requests);
    return {
      name,
      growth,
      limit,
      isRight: growth <= limit,
      median: median(judged.map((sample) => sample[name])),
    };
  });
  const counts = (["wrong", "failed"] as const).map((name): Finding => ({
    name,
    median: last[name],
    growth: last[name],
    limit: 0,
    isRight: last[name] === 0,
  }));
  return [...trends, ...counts];
}

/** Returns the median of the slopes between all pairs: a few outliers don't move it. */
function medianSlope(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], i) =>
    points.slice(i + 1).filter(([next]) => next > x)
      .map(([next, value]) => (value - y) / (next - x))
  );
  return slopes.length > 0 ? median(slopes) : 0;
}
