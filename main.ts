/**
 * The entry: the environment becomes a configuration, and the configuration a running
 * server.
 *
 * @module
 */

import { availableParallelism, homedir } from "node:os";
import { deadline } from "@std/async/deadline";
import { type Config, parseConfig } from "./lib/config/config.ts";
import { helpText, misspelt } from "./lib/config/settings.ts";
import { exitNow } from "./lib/engine/exit_now.ts";
import {
  prepareModel,
  type ServedModel,
  serveModel,
} from "./lib/engine/served_model.ts";
import { Shutdown } from "./lib/engine/shutdown.ts";
import { createLog } from "./lib/observe/log.ts";
import { LogWriter } from "./lib/observe/log_writer.ts";
import { Metrics } from "./lib/observe/metrics.ts";
import type { PrefixSettings } from "./lib/prefix/open_prefix_cache.ts";
import { openSecret, secretPath } from "./lib/prefix/secret.ts";
import { createApp } from "./routes/app.ts";
import { listen, type Listener } from "./routes/listen.ts";

/** Signals that end the server, and their numbers. */
const SIGNALS: [Deno.Signal, number][] = [
  ["SIGINT", 2],
  Deno.build.os === "windows" ? ["SIGBREAK", 21] : ["SIGTERM", 15],
];

/** Ends the server because of a signal. */
type Leave = (signal: Deno.Signal) => void;

/** How the process ends. */
interface Departure {
  code: number;
  /** Seconds that running replies may take. */
  drainSeconds: number;
}

/** Milliseconds that native code may take to end before the process ends anyway. */
const IDLE_MS = 5000;

/** Milliseconds that the last lines of the log may take. */
const FLUSH_MS = 500;

/** Returns how prompts are cached. */
async function prefixSettings(config: Config): Promise<PrefixSettings> {
  const { prefix: { secret: words, ...settings }, cacheDir } = config;
  const path = secretPath({ ...settings, cacheDir });
  return { ...settings, secret: await openSecret({ words, path }) };
}

/** Returns a command that tries the server, ready to be pasted. */
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

/** Prints how a model runs. */
function announce({ engine: { info }, model, budget }: ServedModel): void {
  const { passMs, prefix } = model.opened!;
  say(
    `${info.id}: ${info.backend}, ${info.weights} weights, ${info.threads} threads, ` +
      `${info.context} tokens of context, ${budget.slots} in memory, ` +
      `${
        passMs.toFixed(1)
      } ms a pass, ${info.exact} exact; prompt cache: ${prefix}`,
  );
}

/** Starts the server; returns what ends it, for a signal or after a failure. */
async function serve(config: Config): Promise<Leave> {
  const counts = new Metrics();
  const lines = new LogWriter({ write: (bytes) => Deno.stderr.write(bytes) });
  const log = createLog({
    level: config.logLevel,
    write: (line) => lines.add(line),
  });
  for (const names of misspelt(Deno.env.toObject())) {
    log.warn(names, "unknown variable, almost a setting");
  }
  const shutdown = new Shutdown();
  const served: ServedModel[] = [];
  let server: Listener | undefined = undefined;

  async function leave({ code, drainSeconds }: Departure): Promise<void> {
    if (shutdown.begun || !server) exitNow(code || 1);
    await shutdown.run(server, { deadlineMs: drainSeconds * 1000 });
    // Until then a model may be in native code, where an orderly exit hangs.
    const idle = served.map(({ model }) => model.idle());
    const late = await deadline(Promise.all(idle), IDLE_MS)
      .then(() => false, () => true);
    await lines.flush(FLUSH_MS);
    if (late) exitNow(code);
    Deno.exit(code);
  }

  const prefix = await prefixSettings(config);
  for (const name of config.models) {
    const model = await serveModel(name, {
      config,
      prefix,
      onFailure: (model, err) => log.error({ model, err }, "model failed"),
      onGivenUp(id, { message }) {
        say(
          `Cannot serve ${id}: it has failed too often in a row: ${message}`,
          console.error,
        );
        leave({ code: 1, drainSeconds: 0 });
      },
    });
    served.push(model);
    counts.watch(model.engine.info.id, model);
    announce(model);
  }
  const { apiKeys, adminKey, corsOrigins, aliases } = config;
  const app = createApp({
    aliases,
    engines: served.map(({ engine }) => engine),
    caches: served.map(({ model }) => model),
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
  server = await listen((request) => app.fetch(request), {
    hostname: config.host,
    port: config.port,
  });
  const { hostname, port } = server.addr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const origin = `http://${host}:${port}`;
  say(`Listening on ${origin}; try:\n`);
  say(curlLine(origin, served[0].engine.info.id));

  return (signal) => {
    log.info({ signal }, "shutting down");
    leave({ code: 0, drainSeconds: config.drainSeconds });
  };
}

/** Returns the level of a request's line: probes are no news. */
function requestLevel({ path }: { path: string }): "debug" | "info" {
  return ["/live", "/ready", "/metrics"].includes(path) ? "debug" : "info";
}

/** Prints a line. What is only told fails nothing. */
function say(line: string, print = console.log): void {
  try {
    print(line);
  } catch {
    // The output is full or closed.
  }
}

if (import.meta.main) {
  const numbers = new Map(SIGNALS);
  // Until the server listens there is nothing to wait for.
  let leave: Leave = (signal) => exitNow(128 + numbers.get(signal)!);
  for (const [signal] of SIGNALS) {
    Deno.addSignalListener(signal, () => leave(signal));
  }
  const host = {
    processors: availableParallelism(),
    cacheHome: Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`,
  };
  if (Deno.args.includes("--help")) {
    console.log(helpText());
    Deno.exit(0);
  }
  try {
    const config = parseConfig(Deno.env.toObject(), host);
    if (Deno.args.includes("--prepare")) {
      for (const name of config.models) await prepareModel(name, config);
      Deno.exit(0);
    }
    leave = await serve(config);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), console.error);
    Deno.exit(1);
  }
}
