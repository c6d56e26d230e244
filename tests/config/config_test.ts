import { assert, assertEquals, assertThrows } from "@std/assert";
import { helpText, parseConfig, settings } from "../../lib/config/config.ts";

const MIB = 1 << 20;
const HOST = { processors: 6, cacheHome: "/caches" };

Deno.test("parseConfig() needs no variable", () => {
  assertEquals(parseConfig({}, HOST), {
    host: "127.0.0.1",
    port: 8000,
    models: ["smollm2-135m-instruct"],
    aliases: new Map(),
    backend: "auto",
    threads: 6,
    parallel: 16,
    queue: 64,
    cacheDir: "/caches/bita",
    prefix: {
      mode: "kv",
      kv: "/caches/bita/prefix/kv.sqlite",
      memoryBytes: 256 * MIB,
      storeBytes: 512 * MIB,
      shared: [],
    },
    apiKeys: [],
    corsOrigins: ["*"],
    logLevel: "info",
    drainSeconds: 25,
  });
});

Deno.test("parseConfig() takes an empty variable as none", () => {
  const empty = settings(HOST).map(({ name }) => [name, ""]);
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
      THREADS: "1",
      CONTEXT: "512",
      PARALLEL: "4",
      QUEUE: "0",
      KV_MEMORY: "3 GiB",
      CACHE_DIR: "here",
      PREFIX_CACHE: "memory",
      KV_PATH: "kv.db",
      PREFIX_MEMORY: "64",
      PREFIX_DISK: "16",
      PREFIX_SECRET: "0123456789abcdef",
      SHARED_PROMPTS: "a.txt, b.txt",
      API_KEYS: "one,two",
      ADMIN_KEY: "three",
      CORS_ORIGINS: "https://a.example , https://b.example",
      LOG_LEVEL: "silent",
      DRAIN_SECONDS: "4",
      UNKNOWN: "ignored",
    }, HOST),
    {
      host: "0.0.0.0",
      port: 0,
      models: ["a.gguf", "https://host.example/b.gguf"],
      aliases: new Map([["gpt-4o", "a"], ["*", "b"]]),
      backend: "wasm",
      threads: 1,
      context: 512,
      parallel: 4,
      queue: 0,
      kvMemory: 3 * 1024 * MIB,
      cacheDir: "here",
      prefix: {
        mode: "memory",
        kv: "kv.db",
        memoryBytes: 64 * MIB,
        storeBytes: 16 * MIB,
        secret: "0123456789abcdef",
        shared: ["a.txt", "b.txt"],
      },
      apiKeys: ["one", "two"],
      adminKey: "three",
      corsOrigins: ["https://a.example", "https://b.example"],
      logLevel: "silent",
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

Deno.test("parseConfig() tells nobody a secret that is too short", () => {
  const error = assertThrows(
    () => parseConfig({ PREFIX_SECRET: "hunter2" }, HOST),
    TypeError,
    "PREFIX_SECRET must be at least 16 characters",
  );
  assert(!error.message.includes("hunter2"));
});

Deno.test("parseConfig() says what each value must be", () => {
  const port = "PORT must be an integer from 0 to 65535";
  const threads = "THREADS must be an integer from 1 to 256";
  const parallel = "PARALLEL must be an integer from 1 to 256";
  const context = "CONTEXT must be an integer from 16 to 1048576";
  const cases: [name: string, value: string, rule: string][] = [
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
    ["BACKEND", "cuda", "BACKEND must be one of auto, webgpu, cpu, wasm"],
    ["BACKEND", "CPU", "BACKEND must be one of auto, webgpu, cpu, wasm"],
    ["PREFIX_CACHE", "disk", "PREFIX_CACHE must be one of kv, memory, off"],
    [
      "PREFIX_MEMORY",
      "15",
      "PREFIX_MEMORY must be an integer from 16 to 1048576",
    ],
    ["MODEL", " , ", "MODEL must be at least one"],
    ["MODEL_ALIASES", "a", "MODEL_ALIASES must be names as in a=b"],
    ["QUEUE", "-1", "QUEUE must be an integer from 0 to 65536"],
    ["KV_MEMORY", "0", "KV_MEMORY must be a size such as 512MiB"],
    ["KV_MEMORY", "1.5GiB", "KV_MEMORY must be a size such as 512MiB"],
    ["KV_MEMORY", "1GB", "KV_MEMORY must be a size such as 512MiB"],
    ["KV_MEMORY", "9999999999GiB", "KV_MEMORY must be a size such as 512MiB"],
    ["API_KEYS", " ", "API_KEYS must be at least one key"],
    ["API_KEYS", " , ", "API_KEYS must be at least one key"],
  ];
  for (const [name, value, rule] of cases) {
    assertThrows(
      () => parseConfig({ [name]: value }, HOST),
      TypeError,
      `Cannot start: ${rule}: received "${value}"`,
    );
  }
});

Deno.test("helpText() lists each variable and its default", () => {
  const lines = helpText(HOST).split("\n");
  for (const { name, default: standard } of settings(HOST)) {
    const line = lines.find((line) => line.startsWith(`  ${name} `));
    assertEquals(line?.endsWith(`[${standard || "none"}]`), true, name);
  }
});
