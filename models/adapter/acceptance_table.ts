/**
 * The acceptance rates of an adapter's drafts on text outside the tuning data, as
 * `tune evaluate` writes them into the adapter file.
 *
 * @module
 */

import { z } from "zod";

const COUNTS = z.array(z.array(z.array(z.number().nonnegative())));

/** The part of an evaluation that the planner uses. */
const EVALUATION = z.object({
  acceptance: z.object({
    /** Ascending bin edges, in shares of a row's probability. */
    shares: z.array(z.number()),
    /** Drafted tokens by mask, rank and bin. */
    seen: COUNTS,
    /** Accepted tokens by mask, rank and bin. */
    hits: COUNTS,
  }).refine(({ shares, seen, hits }) =>
    [seen, hits].flat(2).every(({ length }) => length === shares.length + 1)
  ),
});

/** Counts of drafted and accepted tokens, by mask, rank and share. */
export type AcceptanceTable = z.infer<typeof EVALUATION>["acceptance"];

/**
 * Parses the acceptance table of an evaluation.
 *
 * @throws {SyntaxError} if the evaluation has none.
 */
export function parseEvaluation(json: string): AcceptanceTable {
  const { success, data } = EVALUATION.safeParse(JSON.parse(json));
  if (success) return data.acceptance;
  throw new SyntaxError(
    `Cannot load the adapter: its evaluation must have a table of acceptance by shares: received ${
      json.slice(0, 40)
    }`,
  );
}
