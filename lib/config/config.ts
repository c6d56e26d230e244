/**
 * The configuration: environment variables, checked once at the start.
 *
 * @module
 */

import { BACKENDS } from "../runtime/backend.ts";
import { MODEL_ALIASES, modelAliases } from "./model_aliases.ts";
import {
  PREFIX_SETTINGS,
  type PrefixConfig,
  prefixConfig,
} from "./prefix_config.ts";
import type { BackendChoice } from "../runtime/choose_backend.ts";
import { type Setting, wrongSetting } from "./setting.ts";

/** How much is logged, from nothing to everything. */
export const LOG_LEVELS = [
  "silent",
  "error",
  "warn",
  "info",
  "debug",
] as const;

/** Bytes by the suffix of a size. */
const UNITS: Record<string, number> = {
  "": 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** What the operator has set. */
export interface Config {
  host: string;
  port: number;
  /** Registry ids, paths or https URLs of the models to serve. */
  models: string[];
  /** Ids of models by other names; `*` is any name. */
  aliases: Map<string, string>;
  backend: BackendChoice;
  threads: number;
  /** Tokens a sequence; without it, as many as the model was trained for. */
  context?: number;
  /** Requests that a model runs at once. */
  parallel: number;
  /** Requests that may wait for a model. */
  queue: number;
  /** Bytes of keys and values, all models together; without it, of what is free. */
  kvMemory?: number;
  cacheDir: string;
  prefix: PrefixConfig;
  /** Keys that clients must present; none lets everybody in. */
  apiKeys: string[];
  /** Key that opens `/admin`; without one, it is not there. */
  adminKey?: string;
  /** Origins whose pages may call; `*` is any. */
  corsOrigins: string[];
  logLevel: typeof LOG_LEVELS[number];
  /** Seconds that running replies may take once the server is told to stop. */
  drainSeconds: number;
}

/** What this machine offers. */
export interface Host {
  /** Logical processors. */
  processors: number;
  /** Folder for caches, as the system has it. */
  cacheHome: string;
}

/** Returns the settings, in the order of the help text. */
export function settings({ processors, cacheHome }: Host): Setting[] {
  return [
    {
      name: "HOST",
      means: "address to listen on; 0.0.0.0 is all addresses",
      default: "127.0.0.1",
    },
    {
      name: "PORT",
      means: "port to listen on; 0 is any free port",
      default: "8000",
    },
    {
      name: "MODEL",
      means:
        "registry id, path of a .gguf file or https URL; several with commas",
      default: "smollm2-135m-instruct",
    },
    MODEL_ALIASES,
    {
      name: "BACKEND",
      means: `auto, ${BACKENDS.join(", ")}; auto is the first that runs here`,
      default: "auto",
    },
    {
      name: "THREADS",
      means: "CPU threads for each pass",
      default: String(processors),
    },
    {
      name: "CONTEXT",
      means:
        "most tokens of a prompt and its answer; auto is what the model was trained for",
      default: "auto",
    },
    {
      name: "PARALLEL",
      means:
        "requests that a model runs at once if KV_MEMORY allows; the rest wait",
      default: "16",
    },
    {
      name: "QUEUE",
      means: "requests that may wait for a model; more are refused",
      default: "64",
    },
    {
      name: "KV_MEMORY",
      means:
        "bytes, KiB, MiB or GiB of keys and values of all models; auto is half of the free memory",
      default: "auto",
    },
    {
      name: "CACHE_DIR",
      means: "folder for downloaded models and their graphs",
      default: `${cacheHome}/bita`,
    },
    ...PREFIX_SETTINGS,
    {
      name: "API_KEYS",
      means: "API keys, separated by commas; unset means no authentication",
      default: "",
    },
    {
      name: "ADMIN_KEY",
      means: "key for /admin; unset means that /admin is closed",
      default: "",
    },
    {
      name: "CORS_ORIGINS",
      means:
        "origins of web pages that may call, separated by commas; * is any",
      default: "*",
    },
    {
      name: "LOG_LEVEL",
      means: `${LOG_LEVELS.join(", ")}; lines of JSON on the standard error`,
      default: "info",
    },
    {
      name: "DRAIN_SECONDS",
      means: "seconds for replies to finish after SIGTERM or SIGINT",
      default: "25",
    },
  ];
}

/**
 * Reads the configuration; an empty variable counts as unset.
 *
 * @throws {TypeError} if a variable has a value that is not allowed.
 */
export function parseConfig(
  env: Readonly<Record<string, string>>,
  host: Host,
): Config {
  const value = new Map(
    settings(host).map(({ name, default: standard }) => [
      name,
      env[name] || standard,
    ]),
  );
  const text = (name: string) => value.get(name)!;
  const list = (name: string) =>
    text(name).split(",").map((item) => item.trim()).filter(Boolean);
  const integer = (name: string, [least, most]: [number, number]) => {
    const number = /^\d+$/.test(text(name)) ? Number(text(name)) : NaN;
    if (number >= least && number <= most) return number;
    throw wrongSetting(name, `an integer from ${least} to ${most}`, text(name));
  };
  const oneOf = <T extends string>(name: string, names: readonly T[]): T => {
    const found = names.find((candidate) => candidate === text(name));
    if (found) return found;
    throw wrongSetting(name, `one of ${names.join(", ")}`, text(name));
  };

  const bytes = (name: string) => {
    const [, number, unit = ""] = /^(\d+) ?([KMG]iB)?$/.exec(text(name)) ?? [];
    const size = Number(number) * UNITS[unit];
    if (Number.isSafeInteger(size) && size > 0) return size;
    throw wrongSetting(name, "a size such as 512MiB", text(name));
  };

  const reader = { text, list, integer, oneOf };
  const models = list("MODEL");
  if (models.length === 0) {
    throw wrongSetting("MODEL", "at least one", text("MODEL"));
  }
  const apiKeys = list("API_KEYS");
  if (text("API_KEYS") !== "" && apiKeys.length === 0) {
    throw wrongSetting("API_KEYS", "at least one key", text("API_KEYS"));
  }
  const config: Config = {
    host: text("HOST"),
    port: integer("PORT", [0, 65535]),
    models,
    aliases: modelAliases(reader),
    backend: oneOf("BACKEND", ["auto", ...BACKENDS] as const),
    threads: integer("THREADS", [1, 256]),
    parallel: integer("PARALLEL", [1, 256]),
    queue: integer("QUEUE", [0, 65536]),
    cacheDir: text("CACHE_DIR"),
    prefix: prefixConfig(reader),
    apiKeys,
    corsOrigins: list("CORS_ORIGINS"),
    logLevel: oneOf("LOG_LEVEL", LOG_LEVELS),
    drainSeconds: integer("DRAIN_SECONDS", [0, 3600]),
  };
  if (text("CONTEXT") !== "auto") {
    config.context = integer("CONTEXT", [16, 1 << 20]);
  }
  if (text("KV_MEMORY") !== "auto") config.kvMemory = bytes("KV_MEMORY");
  if (text("ADMIN_KEY")) config.adminKey = text("ADMIN_KEY");
  return config;
}

/** Returns the help text, with a line for each setting. */
export function helpText(host: Host): string {
  const lines = settings(host).map(({ name, means, default: standard }) =>
    `  ${name.padEnd(14)} ${means} [${standard || "none"}]`
  );
  return [
    "Serves small language models over OpenAI's API.",
    "",
    "  deno task start            serve",
    "  deno task start --prepare  download and convert the models, then leave",
    "",
    "Environment:",
    ...lines,
  ].join("\n");
}
