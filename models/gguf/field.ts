/**
 * Reads typed fields of a GGUF file's metadata and checks their types.
 *
 * @module
 */

import type { MetadataValue } from "./header.ts";

/** Metadata by key. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** A type of field: its description and its test. */
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

/** A list of booleans. */
export const FLAGS: FieldKind<boolean[]> = {
  what: "a list of booleans",
  is: (value): value is boolean[] => (
    Array.isArray(value) && value.every((item) => typeof item === "boolean")
  ),
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
 * Returns the field `key`, or `undefined` if the file has none.
 *
 * @throws {TypeError} if it has another type.
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
 * Returns the field `key`.
 *
 * @throws {TypeError} if it is missing or has another type.
 */
export function field<T extends MetadataValue>(
  metadata: Metadata,
  key: string,
  kind: FieldKind<T>,
): T {
  const value = optionalField(metadata, key, kind);
  if (value === undefined) throw refusal(key, kind.what, "none");
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
