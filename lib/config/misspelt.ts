/**
 * Finds settings that were misspelt: variables that are almost named like one.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { SETTINGS } from "./settings.ts";

/** From this length on, two letters may differ; in shorter names only one may. */
const LONG = 7;

/** Lists variables whose names are almost those of settings, with the setting's name. */
export function misspelt(
  env: Readonly<Record<string, string>>,
): { name: string; setting: string }[] {
  const settings = Object.keys(SETTINGS);
  return Object.keys(env)
    .filter((name) => !settings.includes(name))
    .flatMap((name) => {
      const setting = settings.find((it) => isNear(name.toUpperCase(), it));
      return setting ? [{ name, setting }] : [];
    });
}

function isNear(name: string, setting: string): boolean {
  const distance = levenshteinDistance(name, setting);
  const letters = (word: string) => [...word].sort().join("");
  const isSwapped = distance === 2 && letters(name) === letters(setting);
  return isSwapped || distance <= (setting.length < LONG ? 1 : 2);
}
