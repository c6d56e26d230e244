/**
 * What a setting is, and how its value is read.
 *
 * @module
 */

/** A setting: its name, what it means, and its default as text. */
export interface Setting {
  name: string;
  means: string;
  default: string;
}

/** Reads settings by their names; each throws a `TypeError` on a wrong value. */
export interface SettingReader {
  text(name: string): string;
  /** Reads texts with commas between. */
  list(name: string): string[];
  integer(name: string, range: [least: number, most: number]): number;
  oneOf<T extends string>(name: string, names: readonly T[]): T;
}

/** Makes the error of a value that its setting can't have. */
export function wrongSetting(
  name: string,
  rule: string,
  received: string,
): TypeError {
  return new TypeError(
    `Cannot start: ${name} must be ${rule}: received "${received}"`,
  );
}
