/**
 * Typed fields out of a GGUF's metadata, each checked where it is read.
 *
 * @module
 */

import type { MetadataValue } from "./header.ts";

/** Metadata by key. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** What a field must be, in words and in code. */
export interface FieldKind<T extends MetadataValue> {
  what: string;
  is(value: MetadataValue): value is T;
}

/** A string. */
export const TEXT: FieldKind<string> = {
  what: "a string",
  is: (value) => typeof value === "string",
};

/** A boolean. */
export const FLAG: FieldKind<boolean> = {
  what: "a boolean",
  is: (value) => typeof value === "boolean",
};

/** A finite number above 0. */
export const POSITIVE: FieldKind<number> = {
  what: "a positive number",
  is: (value): value is number =>
    typeof value === "number" && value > 0 && Number.isFinite(value),
};

/** A whole number of at least 0. */
export const INDEX: FieldKind<number> = {
  what: "a whole number of at least 0",
  is: (value): value is number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
};

/** A whole number above 0. */
export const COUNT: FieldKind<number> = {
  what: "a positive whole number",
  is: (value): value is number => INDEX.is(value) && value > 0,
};

/** A list of strings. */
export const TEXTS: FieldKind<string[]> = {
  what: "a list of strings",
  is: (value): value is string[] => (
    Array.isArray(value) && value.every((item) => typeof item === "string")
  ),
};

/** A list of numbers. */
export const NUMBERS: FieldKind<number[]> = {
  what: "a list of numbers",
  is: (value): value is number[] => (
    Array.isArray(value) && value.every((item) => typeof item === "number")
  ),
};

/**
 * Gives the field `key`, or nothing where the file has none.
 *
 * @throws {TypeError} if it is of another kind.
 */
export function optionalField<T extends MetadataValue>(
  metadata: Metadata,
  key: string,
  kind: FieldKind<T>,
): T | undefined {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  if (value === undefined || kind.is(value)) return value;
  throw refusal(key, kind.what, show(value));
}

/**
 * Gives the field `key`.
 *
 * @throws {TypeError} if there is none, or it is of another kind.
 */
export function field<T extends MetadataValue>(
  metadata: Metadata,
  key: string,
  kind: FieldKind<T>,
): T {
  const value = optionalField(metadata, key, kind);
  if (value === undefined) throw refusal(key, kind.what, "nothing");
  return value;
}

function show(value: MetadataValue): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return JSON.stringify(value).slice(0, 80);
}

function refusal(key: string, what: string, received: string): TypeError {
  return new TypeError(
    `Cannot load the model: ${key} must be ${what}: received ${received}`,
  );
}
