/**
 * What an adapter file must be, said when it is not.
 *
 * @module
 */

import { z } from "zod";

/** Returns the error for a file that breaks a rule. */
export function refusal(rule: string, received = "none"): RangeError {
  return new RangeError(
    `Cannot load the adapter: ${rule}: received ${received}`,
  );
}

/**
 * Parses a JSON list of ids in the metadata.
 *
 * @param below the number of ids that there are.
 * @throws {RangeError} if they do not ascend, or are not below it.
 */
export function parseIds(
  metadata: Record<string, string>,
  name: string,
  below: number,
): Int32Array {
  const ascending = z.array(z.int().min(0).max(below - 1))
    .refine((ids) => ids.every((id, i) => i === 0 || id > ids[i - 1]));
  const json = metadata[name] ?? "null";
  const { success, data } = ascending.safeParse(JSON.parse(json));
  if (success) return Int32Array.from(data);
  throw refusal(
    `${name} must list ascending ids below ${below}`,
    json.slice(0, 40),
  );
}
