/**
 * Settings as options of commands: `--cache-dir` is `CACHE_DIR`.
 *
 * @module
 */

import type { Command, OptionValues } from "commander";
import { type Config, parseConfig } from "../lib/config/config.ts";
import { type Setting, SETTINGS } from "../lib/config/settings.ts";
import { thisHost } from "../routes/start.ts";

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Settings that say where models are and how they are converted. */
export const STORAGE: SettingName[] = [
  "BACKEND",
  "CACHE_DIR",
  "GRAPHS_URL",
  "HF_ENDPOINT",
];

/** All settings. */
export const ALL = Object.keys(SETTINGS) as SettingName[];

/** Adds settings to a command. Secrets are no options: any user can list processes. */
export function addSettings(command: Command, names: SettingName[]): Command {
  for (const name of names) {
    const { means, default: value, secret }: Setting = SETTINGS[name];
    if (secret) continue;
    command.option(`${flag(name)} <value>`, `${means} [${value || "unset"}]`);
  }
  return command;
}

/**
 * Returns the configuration by options, then by environment variables.
 *
 * @param models names that come before both.
 * @throws {TypeError} if a value is not allowed.
 */
export function configOf(
  options: OptionValues,
  models: string[] = [],
  rest: Readonly<Record<string, string>> = {},
): Config {
  const given = ALL.flatMap((name) => {
    const value = options[attribute(name)];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const env = {
    ...Deno.env.toObject(),
    ...Object.fromEntries(given),
    ...(models.length > 0 && { MODEL: models.join(",") }),
    ...rest,
  };
  return parseConfig(env, thisHost());
}

/** Returns the configuration for a command that serves nobody. */
export function offlineConfig(
  options: OptionValues,
  models: string[] = [],
): Config {
  const rest = { HOST: "127.0.0.1", API_KEYS: "", MODEL_ALIASES: "" };
  return configOf(options, models, rest);
}

function flag(name: string): string {
  return `--${name.toLowerCase().replaceAll("_", "-")}`;
}

/** Returns the key under which commander keeps a setting's option. */
function attribute(name: string): string {
  return name.toLowerCase()
    .replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
