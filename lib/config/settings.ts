/**
 * The table of all settings, which are environment variables. Parsing, `--help` and
 * `docs/settings.md` come from it.
 *
 * @module
 */

import type { z } from "zod";
import { DEFAULT_HUB } from "../../models/download/hub.ts";
import { FORMATS } from "../../models/graph/linear.ts";
import { BACKENDS } from "../runtime/backend.ts";
import {
  address,
  auto,
  bytes,
  integer,
  list,
  off,
  oneOf,
  optional,
  origins,
  pairs,
  text,
} from "./values.ts";

/** A setting. */
export interface Setting {
  /** What it means, as part of a sentence. */
  means: string;
  /** The value while it is unset or empty. */
  default: string;
  /** Reads a value; its description says which values are allowed. */
  value: z.ZodType<unknown, string>;
  /** Whether no message may show its value. */
  secret?: true;
}

/** The settings, in the order of the help text. */
export const SETTINGS = {
  HOST: {
    means: "address to listen on; 0.0.0.0 is all addresses",
    default: "127.0.0.1",
    value: text("an address", /^\S+$/),
  },
  PORT: {
    means: "port to listen on; 0 is any free port",
    default: "8000",
    value: integer(0, 65535),
  },
  MODEL: {
    means:
      "registry id, hf:OWNER/NAME:QUANTIZATION, path of a .gguf file or https URL; several with commas",
    default: "smollm2-135m-instruct",
    value: list("at least one model"),
  },
  MODEL_ALIASES: {
    means: "other names of models; * is any name",
    default: "",
    value: optional(
      pairs("names and ids with commas, such as gpt-4o=smollm2-135m-instruct"),
    ),
  },
  BACKEND: {
    means: "what computes; auto is the first that runs here",
    default: "auto",
    value: oneOf(["auto", ...BACKENDS]),
  },
  WEIGHTS: {
    means: "how weights are stored; auto suits the file and BACKEND",
    default: "auto",
    value: oneOf(["auto", ...FORMATS]),
  },
  THREADS: {
    means: "CPU threads for each pass; auto is one for each processor",
    default: "auto",
    value: auto(integer(1, 256)),
  },
  CONTEXT: {
    means:
      "most tokens of a prompt and its answer; auto is what the model was trained for",
    default: "auto",
    value: auto(integer(16, 1 << 20)),
  },
  MAX_TOKENS: {
    means:
      "most tokens of an answer, whatever its request says; auto is what fits into CONTEXT",
    default: "auto",
    value: auto(integer(1, 1 << 20)),
  },
  MAX_REPEATS: {
    means: "how often an answer may repeat itself in a row before it ends",
    default: "off",
    value: off(integer(2, 1024)),
  },
  PARALLEL: {
    means:
      "requests that a model runs at once if KV_MEMORY allows; the rest wait",
    default: "16",
    value: integer(1, 256),
  },
  QUEUE: {
    means: "requests that may wait for a model; more are refused",
    default: "64",
    value: integer(0, 65536),
  },
  KV_MEMORY: {
    means:
      "memory for keys and values, all models together; auto is half of the free memory",
    default: "auto",
    value: auto(bytes()),
  },
  MODEL_MEMORY: {
    means:
      "memory for the weights of open models; idle ones make room; auto is half of the free memory",
    default: "auto",
    value: auto(bytes()),
  },
  CACHE_DIR: {
    means:
      "folder for models, graphs and cached prompts; auto is ~/.cache/bita, or bita in XDG_CACHE_HOME",
    default: "auto",
    value: auto(text("a path")),
  },
  GRAPHS_URL: {
    means: "address of converted models, to fetch rather than convert",
    default: "",
    value: optional(address()),
  },
  HF_ENDPOINT: {
    means: "hub of the models that are named hf:",
    default: DEFAULT_HUB.endpoint,
    value: address(),
  },
  HF_TOKEN: {
    means: "token of an account at the hub, for models that ask for one",
    default: "",
    value: optional(text("a token")),
    secret: true,
  },
  PREFIX_CACHE: {
    means: "where cached prompts are kept; kv is memory and Deno KV",
    default: "kv",
    value: oneOf(["kv", "memory", "off"]),
  },
  KV_PATH: {
    means:
      "SQLite file for cached prompts, unless KV_URL is set; auto is a file in CACHE_DIR",
    default: "auto",
    value: auto(text("a path")),
  },
  KV_URL: {
    means:
      "KV Connect server for cached prompts; its token is DENO_KV_ACCESS_TOKEN",
    default: "",
    value: optional(text("an http or https URL", /^https?:\/\/[^\s/]/)),
  },
  PREFIX_MEMORY: {
    means: "MiB of cached prompts in memory, for each model",
    default: "256",
    value: integer(16, 1 << 20),
  },
  PREFIX_DISK: {
    means: "MiB of cached prompts in Deno KV",
    default: "512",
    value: integer(16, 1 << 20),
  },
  PREFIX_SECRET: {
    means:
      "passphrase that encrypts cached prompts, the same on all servers of a KV; unset is a random one",
    default: "",
    value: optional(text("at least 16 characters", /^.{16,}$/s)),
    secret: true,
  },
  SHARED_PROMPTS: {
    means: "files of system prompts to compute at the start, for all callers",
    default: "",
    value: optional(list("paths with commas")),
  },
  RESPONSE_HOURS: {
    means:
      "hours that responses of /v1/responses are kept, in the place of cached prompts; 0 keeps none",
    default: "24",
    value: integer(0, 8760),
  },
  API_KEYS: {
    means:
      "keys that callers must send; none serves everyone, as unset does on a loopback address",
    default: "",
    value: optional(list("ASCII words with commas, or none", /^[!-~]+$/)),
    secret: true,
  },
  API_KEYS_FILE: {
    means: "file of further keys, a name and a SHA-256 a line",
    default: "",
    value: optional(text("a path")),
  },
  RATE_LIMIT_REQUESTS: {
    means: "requests a minute of each key; without keys, of all callers",
    default: "",
    value: optional(integer(1, 1e9)),
  },
  RATE_LIMIT_TOKENS: {
    means:
      "tokens of prompts and answers a minute of each key; without keys, of all callers",
    default: "",
    value: optional(integer(1, 1e9)),
  },
  ADMIN_KEY: {
    means: "key for /admin; unset means that /admin is closed",
    default: "",
    value: optional(text("an ASCII word", /^[!-~]+$/)),
    secret: true,
  },
  CORS_ORIGINS: {
    means: "origins of web pages that may call; * is any",
    default: "*",
    value: origins(),
  },
  LOG_LEVEL: {
    means: "least important lines of the log, JSON on the standard error",
    default: "info",
    value: oneOf(["silent", "error", "warn", "info", "debug"]),
  },
  LOAD: {
    means: "when models are opened: at once, or with their first request",
    default: "eager",
    value: oneOf(["eager", "lazy"]),
  },
  START_SECONDS: {
    means: "seconds that a request waits for its model to be open",
    default: "60",
    value: integer(0, 3600),
  },
  SLEEP_SECONDS: {
    means:
      "seconds without a request after which a model is closed until the next one; 0 is never",
    default: "0",
    value: integer(0, 86400),
  },
  DRAIN_SECONDS: {
    means: "seconds for replies to finish after SIGTERM or SIGINT",
    default: "25",
    value: integer(0, 3600),
  },
} satisfies Record<string, Setting>;

type Table = typeof SETTINGS;

/** The value of each setting. */
export type Values = { [Name in keyof Table]: z.output<Table[Name]["value"]> };
