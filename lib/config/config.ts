/**
 * The configuration of the server: settings that fit together.
 *
 * @module
 */

import type { Hub } from "../../models/download/hub.ts";
import { resolveModel } from "../../models/registry.ts";
import type { Limits } from "../access/buckets.ts";
import { type Setting, SETTINGS, type Values } from "./settings.ts";

const MIB = 1 << 20;

/** Addresses that only this machine reaches. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;

/** What the operator has set. */
export interface Config {
  host: string;
  port: number;
  /** Registry ids, paths or https URLs of the models to serve. */
  models: string[];
  /** Ids of models by other names; `*` is any name. */
  aliases: Map<string, string>;
  backend: Values["BACKEND"];
  weights: Values["WEIGHTS"];
  threads: number;
  /** Tokens a sequence; without it, as many as the model was trained for. */
  context?: number;
  /** Tokens of an answer; without it, as many as fit into the context. */
  maxTokens?: number;
  /** How often in a row an answer may write the same; without it, any number. */
  maxRepeats?: number;
  /** Requests that a model runs at once. */
  parallel: number;
  /** Requests that may wait for a model. */
  queue: number;
  /** Bytes of keys and values, all models together; without it, of what is free. */
  kvMemory?: number;
  /** Bytes of the weights of all open models; without it, of what is free. */
  modelMemory?: number;
  cacheDir: string;
  /** Address of graphs that were converted elsewhere. */
  graphsUrl?: string;
  /** Where models named `hf:` are. */
  hub: Hub;
  prefix: PrefixConfig;
  /** Hours that responses are kept; 0 keeps none. */
  responseHours: number;
  /** Keys that clients must present; without any, and without a file, all are served. */
  apiKeys: string[];
  /** File of further keys, by their digests. */
  apiKeysFile?: string;
  /** What a key may take in a minute, if its line in the file says nothing else. */
  limits: Limits;
  /** Key that opens `/admin`; without one, it is not there. */
  adminKey?: string;
  /** Origins whose pages may call; `*` is any. */
  corsOrigins: string[];
  logLevel: Values["LOG_LEVEL"];
  /** Whether models are opened at once, or each with its first request. */
  load: Values["LOAD"];
  /** Seconds that a request waits for its model to be open. */
  startSeconds: number;
  /** Seconds without a request after which a model is closed; 0 is never. */
  sleepSeconds: number;
  /** Seconds that running replies may take after SIGTERM or SIGINT. */
  drainSeconds: number;
}

/** How prompts are cached. */
export interface PrefixConfig {
  mode: Values["PREFIX_CACHE"];
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

/** What this machine offers. */
export interface Host {
  /** Logical processors. */
  processors: number;
  /** Folder for caches, as the system has it. */
  cacheHome: string;
}

/**
 * Reads the configuration; an empty variable counts as unset.
 *
 * @throws {TypeError} if a value is not allowed, or contradicts another.
 */
export function parseConfig(
  env: Readonly<Record<string, string>>,
  { processors, cacheHome }: Host,
): Config {
  const values = readSettings(env);
  check(values);
  const {
    CACHE_DIR: cacheDir = `${cacheHome}/bita`,
    CONTEXT: context,
    GRAPHS_URL: graphsUrl,
    MAX_TOKENS: maxTokens,
    MAX_REPEATS: maxRepeats,
    KV_MEMORY: kvMemory,
    MODEL_MEMORY: modelMemory,
    ADMIN_KEY: adminKey,
    API_KEYS_FILE: apiKeysFile,
    RATE_LIMIT_REQUESTS: requests,
    RATE_LIMIT_TOKENS: tokens,
    PREFIX_SECRET: secret,
  } = values;
  const kvPath = values.KV_PATH ?? `${cacheDir}/prefix/kv.sqlite`;
  return {
    host: values.HOST,
    port: values.PORT,
    models: values.MODEL,
    aliases: values.MODEL_ALIASES ?? new Map(),
    backend: values.BACKEND,
    weights: values.WEIGHTS,
    threads: values.THREADS ?? processors,
    ...context && { context },
    ...maxTokens && { maxTokens },
    ...maxRepeats && { maxRepeats },
    parallel: values.PARALLEL,
    queue: values.QUEUE,
    ...kvMemory && { kvMemory },
    ...modelMemory && { modelMemory },
    cacheDir,
    ...graphsUrl && { graphsUrl },
    hub: {
      endpoint: values.HF_ENDPOINT,
      ...values.HF_TOKEN && { token: values.HF_TOKEN },
    },
    prefix: {
      mode: values.PREFIX_CACHE,
      kv: values.KV_URL ?? kvPath,
      memoryBytes: values.PREFIX_MEMORY * MIB,
      storeBytes: values.PREFIX_DISK * MIB,
      ...secret && { secret },
      shared: values.SHARED_PROMPTS ?? [],
    },
    responseHours: values.RESPONSE_HOURS,
    apiKeys: values.API_KEYS?.filter((key) => key !== "none") ?? [],
    ...apiKeysFile && { apiKeysFile },
    limits: { ...requests && { requests }, ...tokens && { tokens } },
    ...adminKey && { adminKey },
    corsOrigins: values.CORS_ORIGINS,
    logLevel: values.LOG_LEVEL,
    load: values.LOAD,
    startSeconds: values.START_SECONDS,
    sleepSeconds: values.SLEEP_SECONDS,
    drainSeconds: values.DRAIN_SECONDS,
  };
}

/** @throws {TypeError} if values contradict each other. */
function check(values: Values): void {
  const { ADMIN_KEY, API_KEYS = [], CORS_ORIGINS } = values;
  const ids = values.MODEL.map((name) => resolveModel(name).id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  const aliased = values.MODEL_ALIASES?.values().find((id) =>
    !ids.includes(id)
  );
  const contradictions: [isWrong: boolean, rule: string, received: string][] = [
    [
      twice !== undefined,
      "MODEL must name models of different ids",
      `${twice} twice`,
    ],
    [
      aliased !== undefined,
      `MODEL_ALIASES must name ${ids.join(" or ")}`,
      `${aliased}`,
    ],
    [
      ADMIN_KEY === "none",
      "ADMIN_KEY must be unset to close /admin",
      "none",
    ],
    [
      API_KEYS.includes("none") && API_KEYS.length > 1,
      "API_KEYS must be keys, or none alone",
      "both",
    ],
    [
      API_KEYS.includes("none") && values.API_KEYS_FILE !== undefined,
      "API_KEYS must be keys, or unset, with API_KEYS_FILE",
      "none",
    ],
    [
      API_KEYS.length === 0 && !values.API_KEYS_FILE &&
      !LOOPBACK.test(values.HOST),
      `API_KEYS must be keys, or none to serve everyone, with HOST=${values.HOST}`,
      "nothing",
    ],
    [
      ADMIN_KEY !== undefined && API_KEYS.includes(ADMIN_KEY),
      "ADMIN_KEY must be none of API_KEYS",
      "one of them",
    ],
    [
      CORS_ORIGINS.includes("*") && CORS_ORIGINS.length > 1,
      "CORS_ORIGINS must be * alone or a list of origins",
      CORS_ORIGINS.join(),
    ],
  ];
  for (const [isWrong, rule, received] of contradictions) {
    if (isWrong) {
      throw new TypeError(`Cannot start: ${rule}: received ${received}`);
    }
  }
}

/**
 * Reads all settings; an empty variable counts as unset.
 *
 * @throws {TypeError} if a value is not allowed.
 */
function readSettings(env: Readonly<Record<string, string>>): Values {
  const values = Object.entries<Setting>(SETTINGS).map(([name, setting]) => {
    const given = env[name] || setting.default;
    const { success, data } = setting.value.safeParse(given);
    if (success) return [name, data];
    const shown = setting.secret ? `${given.length} characters` : `"${given}"`;
    throw new TypeError(
      `Cannot start: ${name} must be ${setting.value.description}: received ${shown}`,
    );
  });
  return Object.fromEntries(values);
}
