/**
 * How often an adapter's guesses were right on text that tuning has not seen, as
 * `tune evaluate` notes it in the adapter's file.
 *
 * @module
 */

import { z } from "zod";

const COUNTS = z.array(z.array(z.array(z.number().nonnegative())));

/** The part of an evaluation that a planner starts from. */
const EVALUATION = z.object({
  acceptance: z.object({
    /** Shares of a row's probability between bins, rising. */
    shares: z.array(z.number()),
    /** Guesses by mask, rank and bin. */
    seen: COUNTS,
    /** Those of them that were right. */
    hits: COUNTS,
  }).refine(({ shares, seen, hits }) =>
    [seen, hits].flat(2).every(({ length }) => length === shares.length + 1)
  ),
});

/** Guesses counted, by mask, rank and share. */
export type AcceptanceTable = z.infer<typeof EVALUATION>["acceptance"];

/**
 * Reads the table out of an evaluation.
 *
 * @throws {SyntaxError} if there is none in it.
 */
export function parseEvaluation(json: string): AcceptanceTable {
  const { success, data } = EVALUATION.safeParse(JSON.parse(json));
  if (success) return data.acceptance;
  throw new SyntaxError(
    `Cannot load the adapter: its evaluation must hold a table of acceptance by shares: received ${
      json.slice(0, 40)
    }`,
  );
}
