/**
 * Kinds of request fields. Each says in one phrase what it requires, which is all
 * that an error needs; `null` is the same as absent, as OpenAI has it.
 *
 * @module
 */

import { z } from "zod";

/** The most messages of a conversation, on each API; as many as OpenAI takes. */
export const MOST_MESSAGES = 2048;

/** A number in a closed range. */
export function numberFrom(low: number, high: number) {
  const must = `must be a number from ${low} to ${high}`;
  return z.number(must).min(low, must).max(high, must).nullish();
}

/** An integer with a lower bound. */
export function integerFrom(low: number) {
  const must = `must be an integer of at least ${low}`;
  return z.number(must)
    .refine((value) => Number.isInteger(value) && value >= low, must)
    .meta({ type: "integer", minimum: low })
    .nullish();
}

/** An integer in a closed range. */
export function integerWithin(low: number, high: number) {
  const must = `must be an integer from ${low} to ${high}`;
  return z.number(must)
    .refine(
      (value) => Number.isInteger(value) && value >= low && value <= high,
      must,
    )
    .meta({ type: "integer", minimum: low, maximum: high })
    .nullish();
}

/** A number of tokens; -1 is `Infinity`, as in llama.cpp. */
export function tokenLimit() {
  const must = "must be an integer of at least 0";
  return z.number(must)
    .refine((value) => Number.isInteger(value) && value >= -1, must)
    .meta({ type: "integer", minimum: -1 })
    .transform((value) => value === -1 ? Infinity : value)
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
      value === undefined || value === null || isEmpty(value) ||
      harmless.includes(value),
    "is not supported by this server",
  ).meta({ enum: [null, {}, [], ...harmless], deprecated: true }).optional();
}

/** The id of a token. */
export function tokenId(must: string) {
  return z.number(must).refine(isTokenId, must)
    .meta({ type: "integer", minimum: 0 });
}

/** Returns whether a value is an object, but no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns whether a value may be the id of a token. */
export function isTokenId(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && Object.keys(value!).length === 0;
}
