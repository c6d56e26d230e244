/**
 * Kinds of request fields. Each says in one phrase what it requires, which is all
 * that an error needs; `null` is the same as absent, as OpenAI has it.
 *
 * @module
 */

import { z } from "zod";

/** A number in a closed range. */
export function numberFrom(low: number, high: number) {
  const must = `must be a number from ${low} to ${high}`;
  return z.number(must).min(low, must).max(high, must).nullish();
}

/** An integer with a lower bound. */
export function integerFrom(low: number) {
  const must = `must be an integer of at least ${low}`;
  return z.number(must)
    .refine((value) => Number.isSafeInteger(value) && value >= low, must)
    .nullish();
}

/** A truth value. */
export function flag() {
  return z.boolean("must be true or false").nullish();
}

/** A feature that is not here: only values that do not ask for it may pass. */
export function unsupported(...harmless: unknown[]) {
  return z.unknown().refine(
    (value) =>
      value === undefined || value === null || isEmptyArray(value) ||
      harmless.includes(value),
    "is not supported by this server",
  ).optional();
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
