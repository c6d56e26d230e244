/**
 * The settings of the prefix cache.
 *
 * @module
 */

import { type Setting, type SettingReader, wrongSetting } from "./setting.ts";

const MIB = 1 << 20;

/** The fewest characters of a secret. */
const SECRET_LENGTH = 16;

/** How prompts are cached. */
export interface PrefixConfig {
  mode: "kv" | "memory" | "off";
  /** Path of a SQLite file, or URL of a KV Connect server. */
  kv: string;
  /** The most bytes of keys and values in memory. */
  memoryBytes: number;
  /** The most bytes in the KV. */
  storeBytes: number;
  /** Passphrase of the cache's keys; without it, keys are drawn once. */
  secret?: string;
  /** Paths of system prompts that all callers share. */
  shared: string[];
}

/** The settings, in the order of the help text. */
export const PREFIX_SETTINGS: Setting[] = [
  {
    name: "PREFIX_CACHE",
    means: "kv, memory or off: where cached prompts are kept",
    default: "kv",
  },
  {
    name: "KV_PATH",
    means: "SQLite file for cached prompts; auto is a file in CACHE_DIR",
    default: "auto",
  },
  {
    name: "KV_URL",
    means:
      "KV Connect server for cached prompts; its token is DENO_KV_ACCESS_TOKEN",
    default: "",
  },
  {
    name: "PREFIX_MEMORY",
    means: "MiB of cached prompts in memory, for each model",
    default: "256",
  },
  {
    name: "PREFIX_DISK",
    means: "MiB of cached prompts in the KV",
    default: "512",
  },
  {
    name: "PREFIX_SECRET",
    means:
      "passphrase that encrypts cached prompts, equal on all servers of a KV; random if unset",
    default: "",
  },
  {
    name: "SHARED_PROMPTS",
    means:
      "files of system prompts to compute at the start, for all callers, separated by commas",
    default: "",
  },
];

/** Reads the settings. */
export function prefixConfig(
  { text, list, integer, oneOf }: SettingReader,
): PrefixConfig {
  const path = text("KV_PATH") === "auto"
    ? `${text("CACHE_DIR")}/prefix/kv.sqlite`
    : text("KV_PATH");
  const secret = text("PREFIX_SECRET");
  if (secret && secret.length < SECRET_LENGTH) {
    const rule = `at least ${SECRET_LENGTH} characters`;
    throw wrongSetting("PREFIX_SECRET", rule, "fewer");
  }
  return {
    mode: oneOf("PREFIX_CACHE", ["kv", "memory", "off"] as const),
    kv: text("KV_URL") || path,
    memoryBytes: integer("PREFIX_MEMORY", [16, 1 << 20]) * MIB,
    storeBytes: integer("PREFIX_DISK", [16, 1 << 20]) * MIB,
    ...(secret && { secret }),
    shared: list("SHARED_PROMPTS"),
  };
}
