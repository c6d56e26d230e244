/**
 * Limits by the minute, as buckets that fill evenly (token buckets). A whole minute's
 * worth may go at once. What a request has taken is known at its end, so that its tokens
 * can leave a bucket in debt; until that is paid, no other request is admitted.
 *
 * @module
 */

const MINUTE_MS = 60_000;

/** What is lost when parts of a minute are added. */
const ROUNDING = 1e-6;

/** What is limited. */
export type Kind = "requests" | "tokens";

/** The most of each in a minute; what has no number is not limited. */
export type Limits = { readonly [K in Kind]?: number | undefined };

/** What was left at a time; below zero in debt. */
export interface Buckets {
  /** Unix time in milliseconds. */
  at: number;
  left: { readonly [K in Kind]?: number };
}

/** How full a bucket is. */
export interface Level {
  kind: Kind;
  limit: number;
  /** Whole requests or tokens. */
  remaining: number;
  /** Milliseconds until the bucket is full. */
  resetMs: number;
}

/** Whether a request is admitted. */
export interface Admission {
  buckets: Buckets;
  levels: Level[];
  /** The limit that refuses it, and after how many milliseconds it would not. */
  refused?: { kind: Kind; limit: number; waitMs: number };
}

/** Admits a request unless a bucket is empty; one that is refused takes nothing. */
export function admit(
  before: Buckets | undefined,
  limits: Limits,
  now: number,
): Admission {
  const buckets = fill(before, limits, now);
  const waits = kindsOf(limits).map(([kind, limit]) => {
    const missing = 1 - ROUNDING - buckets.left[kind]!;
    const waitMs = Math.ceil(Math.max(0, missing) * MINUTE_MS / limit);
    return { kind, limit, waitMs };
  });
  const [refused] = waits.filter(({ waitMs }) => waitMs > 0)
    .sort((a, b) => b.waitMs - a.waitMs);
  if (refused) return { buckets, levels: levels(buckets, limits), refused };
  const after = take(buckets, "requests", 1);
  return { buckets: after, levels: levels(after, limits) };
}

/** Takes the tokens of a request that has ended. */
export function charge(
  before: Buckets | undefined,
  limits: Limits,
  { tokens, now }: { tokens: number; now: number },
): Buckets {
  return take(fill(before, limits, now), "tokens", tokens);
}

/** Returns what is left now: a bucket that was never used is full. */
function fill(
  before: Buckets | undefined,
  limits: Limits,
  now: number,
): Buckets {
  // Clocks of several servers differ a little; a clock far ahead must not stop the rest.
  const isAhead = before && before.at - now > MINUTE_MS;
  const at = isAhead ? now : Math.max(now, before?.at ?? now);
  const minutes = isAhead ? Infinity : (at - (before?.at ?? at)) / MINUTE_MS;
  const left = kindsOf(limits).map(([kind, limit]) => {
    const had = before?.left[kind] ?? limit;
    return [kind, Math.min(limit, had + limit * minutes)];
  });
  return { at, left: Object.fromEntries(left) };
}

function take({ at, left }: Buckets, kind: Kind, count: number): Buckets {
  const had = left[kind];
  if (had === undefined) return { at, left };
  return { at, left: { ...left, [kind]: had - count } };
}

function levels({ left }: Buckets, limits: Limits): Level[] {
  return kindsOf(limits).map(([kind, limit]) => ({
    kind,
    limit,
    remaining: Math.max(0, Math.floor(left[kind]! + ROUNDING)),
    resetMs: Math.ceil((limit - left[kind]!) * MINUTE_MS / limit - ROUNDING),
  }));
}

function kindsOf(limits: Limits): [Kind, number][] {
  const kinds: Kind[] = ["requests", "tokens"];
  return kinds.flatMap((kind) => {
    const limit = limits[kind];
    return limit === undefined ? [] : [[kind, limit]];
  });
}
