/**
 * The street door: the environment becomes a configuration, the configuration a
 * running server.
 *
 * @module
 */

import { availableParallelism, homedir } from "node:os";
import process from "node:process";
import { openArtefact } from "./models/artefact.ts";
import { modelFile } from "./models/download/download.ts";
import { defaultProgress } from "./models/download/progress.ts";
import { openGguf } from "./models/gguf/reader.ts";
import { ggufVocabulary } from "./models/gguf/vocabulary.ts";
import {
  type LocalModel,
  type RemoteModel,
  resolveModel,
} from "./models/registry.ts";
import { type Config, helpText, parseConfig } from "./lib/config/config.ts";
import { createEngine } from "./lib/engine/engine.ts";
import type { Engine } from "./lib/engine/generation.ts";
import { KvBudget, type KvMemory } from "./lib/engine/kv_budget.ts";
import { Queue } from "./lib/engine/queue.ts";
import { createLog } from "./lib/observe/log.ts";
import { Metrics } from "./lib/observe/metrics.ts";
import { ModelClient } from "./lib/worker/client.ts";
import type { PrefixSettings } from "./lib/prefix/open_prefix_cache.ts";
import { openSecret, secretPath } from "./lib/prefix/secret.ts";
import type { BackendName } from "./lib/runtime/backend.ts";
import { chooseBackend, WEIGHTS } from "./lib/runtime/choose_backend.ts";
import { Shutdown } from "./lib/engine/shutdown.ts";
import { ChatTemplate } from "./lib/text/chat_template.ts";
import { Tokenizer } from "./lib/text/tokenizer.ts";
import { createApp } from "./routes/app.ts";

/** Downloads and converts one model, which takes a while the first time only. */
async function prepareModel(name: string, config: Config) {
  const { cacheDir } = config;
  const progress = defaultProgress();
  const model = resolveModel(name);
  const gguf = await openGguf(await modelFile(model, { cacheDir, progress }));
  const backend = await chooseBackend(config.backend);
  const artefact = await openArtefact(gguf, {
    cacheDir,
    format: WEIGHTS[backend],
    progress,
    adapter: adapterPath(model),
  });
  return { model, gguf, backend, artefact };
}

/** Starts one model: the engine, and the worker that it runs in. */
async function startModel(name: string, config: Config) {
  const { model, gguf, backend, artefact } = await prepareModel(name, config);
  const vocabulary = ggufVocabulary(gguf.metadata);
  const tokenizer = new Tokenizer(vocabulary);
  const template = new ChatTemplate(vocabulary, tokenizer);
  const weights = artefact.format;
  // A GPU's passes are no work for this machine's processors.
  const threads = backend === "webgpu" ? 1 : config.threads;
  const context = config.context ?? artefact.config.context;
  const budget = new KvBudget({
    ...artefact.config,
    prompts: artefact.adapter.prompts,
    context,
    whole: backend === "webgpu",
  }, modelMemory(config, backend));
  const prefix = await prefixSettings(config);
  const client = await ModelClient.open({
    artefact,
    backend,
    threads,
    context,
    prefix: { ...prefix, memoryBytes: budget.tierBytes },
    shared: await Promise.all(
      config.prefix.shared.map(async (path) =>
        template.encodeSystem(await Deno.readTextFile(path))
      ),
    ),
  });
  const { passMs, exact, prefix: caching } = client.opened;
  console.log(
    `${model.id}: ${backend}, ${weights} weights, ${threads} threads, ` +
      `${context} tokens of context, ${passMs.toFixed(1)} ms a pass, ` +
      `${exact} exact; prompt cache: ${caching}`,
  );
  const digest = artefact.digest.slice(0, 8);
  const queue = new Queue({
    maxRunning: config.parallel,
    maxWaiting: config.queue,
    slots: budget.slots,
  });
  const engine = createEngine({
    info: {
      id: model.id,
      created: Math.floor(Date.now() / 1000),
      context,
      backend,
      weights,
      threads,
      exact,
      fingerprint: `fp_${digest}_${backend}_${weights}_${exact}`,
    },
    tokenizer,
    template,
    decoder: client,
    queue,
    budget,
  });
  return { engine, client, queue };
}

/** Returns one model's share of the memory for keys and values. */
function modelMemory(
  { models, kvMemory, prefix }: Config,
  backend: BackendName,
): KvMemory {
  const cached = prefix.mode !== "off" && backend !== "webgpu";
  return {
    bytes: kvMemory && kvMemory / models.length,
    free: freeMemory() / models.length,
    tier: cached ? prefix.memoryBytes : 0,
  };
}

/** Returns the bytes that this process may still take, in a container or not. */
function freeMemory(): number {
  const limit = process.constrainedMemory() || Infinity;
  const left = Math.max(0, limit - process.memoryUsage.rss());
  return Math.min(left, process.availableMemory());
}

/** Says how prompts are cached. */
async function prefixSettings(config: Config): Promise<PrefixSettings> {
  const { prefix: { secret: words, ...settings }, cacheDir } = config;
  const path = secretPath({ ...settings, cacheDir });
  return { ...settings, secret: await openSecret({ words, path }) };
}

/** Says where a model's adapter is, if it has one. */
function adapterPath(model: LocalModel | RemoteModel): string | URL {
  return "path" in model
    ? model.path.replace(/\.gguf$/, ".bita.safetensors")
    : new URL(`models/${model.id}/bita.safetensors`, import.meta.url);
}

/** A command that shows the server at work, fit to be pasted. */
function curlLine(origin: string, model: string): string {
  const body = JSON.stringify({
    model,
    stream: true,
    temperature: 0,
    max_tokens: 100,
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  });
  return `curl -N ${origin}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`;
}

async function serve(config: Config): Promise<void> {
  const counts = new Metrics();
  const engines: Engine[] = [];
  const clients: ModelClient[] = [];
  for (const name of config.models) {
    const { engine, client, queue } = await startModel(name, config);
    engines.push(engine);
    clients.push(client);
    counts.watch(engine.info.id, { queue, cache: () => client.counters });
  }
  const { apiKeys, adminKey, corsOrigins } = config;
  const log = createLog({ level: config.logLevel, write: writeError });
  const shutdown = new Shutdown();
  const app = createApp({
    engines,
    caches: clients,
    apiKeys,
    adminKey,
    ...(corsOrigins.includes("*") ? {} : { corsOrigins }),
    logFailure: (err, context) => log.error({ ...context, err }, "failure"),
    logRequest: (record) => log[requestLevel(record)](record, "request"),
    logGeneration: ({ counts, ...report }) =>
      log.info(
        { ...report, ...counts?.usage, ...counts?.timings },
        "generation",
      ),
    counts,
    shutdown,
  });
  const server = Deno.serve({
    hostname: config.host,
    port: config.port,
    onListen({ hostname, port }) {
      const host = hostname.includes(":") ? `[${hostname}]` : hostname;
      const origin = `http://${host}:${port}`;
      console.log(`Listening on ${origin}; try:\n`);
      console.log(curlLine(origin, engines[0].info.id));
    },
  }, (request) => app.fetch(request));

  async function leave(signal: Deno.Signal): Promise<void> {
    if (shutdown.begun) Deno.exit(1);
    log.info({ signal }, "shutting down");
    await shutdown.run(server, { deadlineMs: config.drainSeconds * 1000 });
    await Promise.all(clients.map((client) => client.idle()));
    Deno.exit(0);
  }
  const windows = Deno.build.os === "windows";
  for (const signal of ["SIGINT", windows ? "SIGBREAK" : "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => leave(signal));
  }
}

/** Tells who only looks whether we are well from who wants something. */
function requestLevel({ path }: { path: string }): "debug" | "info" {
  return ["/live", "/ready", "/metrics"].includes(path) ? "debug" : "info";
}

function writeError(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

if (import.meta.main) {
  const host = {
    processors: availableParallelism(),
    cacheHome: Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`,
  };
  if (Deno.args.includes("--help")) {
    console.log(helpText(host));
  } else {
    try {
      const config = parseConfig(Deno.env.toObject(), host);
      if (Deno.args.includes("--prepare")) {
        for (const name of config.models) await prepareModel(name, config);
      } else await serve(config);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      Deno.exit(1);
    }
  }
}
