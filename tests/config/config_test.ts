import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../lib/config/config.ts";
import { SETTINGS } from "../../lib/config/settings.ts";

const MIB = 1 << 20;
const HOST = { processors: 6, cacheHome: "/caches" };

Deno.test("parseConfig() needs no variable", () => {
  assertEquals(parseConfig({}, HOST), {
    host: "127.0.0.1",
    port: 8000,
    models: ["smollm2-135m-instruct"],
    aliases: new Map(),
    backend: "auto",
    weights: "auto",
    threads: 6,
    parallel: 16,
    queue: 64,
    cacheDir: "/caches/bita",
    hub: { endpoint: "https://huggingface.co" },
    prefix: {
      mode: "kv",
      kv: "/caches/bita/prefix/kv.sqlite",
      memoryBytes: 256 * MIB,
      storeBytes: 512 * MIB,
      shared: [],
    },
    responseHours: 24,
    apiKeys: [],
    limits: {},
    corsOrigins: ["*"],
    logLevel: "info",
    load: "eager",
    startSeconds: 60,
    sleepSeconds: 0,
    drainSeconds: 25,
  });
});

Deno.test("parseConfig() takes an empty variable as none", () => {
  const empty = Object.keys(SETTINGS).map((name) => [name, ""]);
  assertEquals(
    parseConfig(Object.fromEntries(empty), HOST),
    parseConfig({}, HOST),
  );
});

Deno.test("parseConfig() reads every variable", () => {
  assertEquals(
    parseConfig({
      HOST: "0.0.0.0",
      PORT: "0",
      MODEL: "a.gguf, https://host.example/b.gguf,",
      MODEL_ALIASES: "gpt-4o=a, *=b",
      BACKEND: "wasm",
      WEIGHTS: "int4",
      THREADS: "1",
      CONTEXT: "512",
      MAX_TOKENS: "512",
      MAX_REPEATS: "8",
      PARALLEL: "4",
      QUEUE: "0",
      KV_MEMORY: "3 GiB",
      CACHE_DIR: "here",
      HF_ENDPOINT: "https://hub.example",
      HF_TOKEN: "four",
      PREFIX_CACHE: "memory",
      KV_PATH: "kv.db",
      PREFIX_MEMORY: "64",
      PREFIX_DISK: "16",
      PREFIX_SECRET: "0123456789abcdef",
      SHARED_PROMPTS: "a.txt, b.txt",
      RESPONSE_HOURS: "2",
      API_KEYS: "one,two",
      API_KEYS_FILE: "keys",
      RATE_LIMIT_REQUESTS: "60",
      RATE_LIMIT_TOKENS: "20000",
      ADMIN_KEY: "three",
      CORS_ORIGINS: "https://a.example , https://b.example",
      LOG_LEVEL: "silent",
      LOAD: "lazy",
      START_SECONDS: "9",
      SLEEP_SECONDS: "30",
      DRAIN_SECONDS: "4",
      UNKNOWN: "ignored",
    }, HOST),
    {
      host: "0.0.0.0",
      port: 0,
      models: ["a.gguf", "https://host.example/b.gguf"],
      aliases: new Map([["gpt-4o", "a"], ["*", "b"]]),
      backend: "wasm",
      weights: "int4",
      threads: 1,
      context: 512,
      maxTokens: 512,
      maxRepeats: 8,
      parallel: 4,
      queue: 0,
      kvMemory: 3 * 1024 * MIB,
      cacheDir: "here",
      hub: { endpoint: "https://hub.example", token: "four" },
      prefix: {
        mode: "memory",
        kv: "kv.db",
        memoryBytes: 64 * MIB,
        storeBytes: 16 * MIB,
        secret: "0123456789abcdef",
        shared: ["a.txt", "b.txt"],
      },
      responseHours: 2,
      apiKeys: ["one", "two"],
      apiKeysFile: "keys",
      limits: { requests: 60, tokens: 20000 },
      adminKey: "three",
      corsOrigins: ["https://a.example", "https://b.example"],
      logLevel: "silent",
      load: "lazy",
      startSeconds: 9,
      sleepSeconds: 30,
      drainSeconds: 4,
    },
  );
});

Deno.test("parseConfig() reads a size in bytes, KiB, MiB or GiB", () => {
  const of = (size: string) => parseConfig({ KV_MEMORY: size }, HOST).kvMemory;
  assertEquals(
    ["1000000", "64KiB", "512MiB", "2GiB", "auto", ""].map(of),
    [1_000_000, 65_536, 512 * MIB, 2048 * MIB, undefined, undefined],
  );
});

Deno.test("parseConfig() prefers a KV server to a file", () => {
  const urls = { KV_URL: "https://kv.example", KV_PATH: "kv.db" };
  assertEquals(parseConfig(urls, HOST).prefix.kv, "https://kv.example");
});

Deno.test("parseConfig() shows no secret in a message", () => {
  const error = assertThrows(
    () => parseConfig({ PREFIX_SECRET: "hunter2" }, HOST),
    TypeError,
    "PREFIX_SECRET must be at least 16 characters: received 7 characters",
  );
  assert(!error.message.includes("hunter2"));
});

Deno.test("parseConfig() says what each value must be", () => {
  const port = "PORT must be an integer from 0 to 65535";
  const threads = "THREADS must be auto or an integer from 1 to 256";
  const parallel = "PARALLEL must be an integer from 1 to 256";
  const context = "CONTEXT must be auto or an integer from 16 to 1048576";
  const backend = "BACKEND must be one of auto, webgpu, cpu, wasm";
  const memory = "KV_MEMORY must be auto or a size such as 512MiB";
  const aliases = "MODEL_ALIASES must be names and ids with commas";
  const origins = "CORS_ORIGINS must be * or origins with commas";
  const cases: [name: string, value: string, rule: string][] = [
    ["HOST", " ", "HOST must be an address"],
    ["PORT", "abc", port],
    ["PORT", "65536", port],
    ["PORT", "-1", port],
    ["PORT", "80.5", port],
    ["PORT", "0x50", port],
    ["PORT", " ", port],
    ["THREADS", "0", threads],
    ["THREADS", "257", threads],
    ["PARALLEL", "0", parallel],
    ["CONTEXT", "15", context],
    ["CONTEXT", "1048577", context],
    ["CONTEXT", "all", context],
    ["BACKEND", "cuda", backend],
    ["BACKEND", "CPU", backend],
    ["PREFIX_CACHE", "disk", "PREFIX_CACHE must be one of kv, memory, off"],
    ["PREFIX_MEMORY", "15", "PREFIX_MEMORY must be an integer from 16 to"],
    ["MODEL", " , ", "MODEL must be at least one model"],
    ["MODEL_ALIASES", "a", aliases],
    ["MODEL_ALIASES", "a=,b=c", aliases],
    ["QUEUE", "-1", "QUEUE must be an integer from 0 to 65536"],
    ["KV_MEMORY", "0", memory],
    ["KV_MEMORY", "1.5GiB", memory],
    ["KV_MEMORY", "1GB", memory],
    ["KV_MEMORY", "9999999999GiB", memory],
    ["KV_URL", "denokv:4512", "KV_URL must be an http or https URL"],
    ["CORS_ORIGINS", "https://app.example/", origins],
    ["CORS_ORIGINS", "https://app.example/path", origins],
    ["CORS_ORIGINS", "app.example", origins],
    ["CORS_ORIGINS", "https://App.example", origins],
    ["SHARED_PROMPTS", " ", "SHARED_PROMPTS must be paths with commas"],
  ];
  for (const [name, value, rule] of cases) {
    const error = assertThrows(
      () => parseConfig({ [name]: value }, HOST),
      TypeError,
      `Cannot start: ${rule}`,
    );
    assert(error.message.endsWith(`: received "${value}"`), error.message);
  }
  const secrets = [
    ["API_KEYS", " , ", "ASCII words with commas, or none"],
    ["API_KEYS", "one,my key", "ASCII words with commas, or none"],
    ["ADMIN_KEY", "clé", "an ASCII word"],
  ];
  for (const [name, value, rule] of secrets) {
    assertThrows(
      () => parseConfig({ [name]: value }, HOST),
      TypeError,
      `Cannot start: ${name} must be ${rule}: received ${value.length} characters`,
    );
  }
});
