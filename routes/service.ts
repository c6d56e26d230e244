/**
 * The service that all entries share: from a configuration to a handler of requests, the
 * models that it calls, and the way out.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { Config } from "../lib/config/config.ts";
import { misspelt } from "../lib/config/misspelt.ts";
import {
  type ServedModels,
  serveModels,
} from "../lib/engine/loading/serve_models.ts";
import { exitNow, Shutdown } from "../lib/engine/shutdown.ts";
import { createLog } from "../lib/observe/log.ts";
import { LogWriter } from "../lib/observe/log_writer.ts";
import { LateMetrics } from "../lib/observe/late_metrics.ts";
import { say } from "../lib/observe/say.ts";
import { openResponses } from "../lib/responses/open_responses.ts";
import { KeyFile } from "../lib/access/key_file.ts";
import { openLimiter } from "../lib/access/open_limiter.ts";
import { createApp } from "./app.ts";
import type { Listener } from "./listen.ts";

/** Lines of the log by what was made. */
const LOGGED = {
  text: "generation",
  vectors: "embedding",
  decisions: "decisions",
};

/** Milliseconds that native code may take to end before the process ends anyway. */
const IDLE_MS = 5000;

const HOUR_MS = 3_600_000;

/** Milliseconds that the last lines of the log may take. */
const FLUSH_MS = 500;

/** A server that can be closed. */
export type ListeningServer = Pick<Listener, "shutdown">;

/** How the process ends. */
interface Departure {
  code: number;
  /** Seconds that running replies may take. */
  drainSeconds: number;
}

/** A running service. */
export interface Service {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
  /** Resolves once no request waits for a model or is in one. */
  idle(): Promise<void>;
  /** Ends the process because of a signal. */
  leave(signal: Deno.Signal): void;
}

/**
 * Creates a service, whose models open in the background. A model that can't be opened
 * ends the process with a message.
 *
 * @param server returns the server once it listens.
 * @param options.tell takes a line about each model that has been opened.
 */
export function createService(
  config: Config,
  server: () => ListeningServer | undefined,
  { tell = say, served = serveModels(config) }: {
    tell?: (line: string) => void;
    served?: ServedModels;
  } = {},
): Service {
  const counts = new LateMetrics();
  const lines = new LogWriter({ write: (bytes) => Deno.stderr.write(bytes) });
  const log = createLog({
    level: config.logLevel,
    write: (line) => lines.add(line),
  });
  for (const names of misspelt(Deno.env.toObject())) {
    log.warn(names, "unknown variable, almost a setting");
  }
  const shutdown = new Shutdown();

  async function leave({ code, drainSeconds }: Departure): Promise<void> {
    const listening = server();
    if (shutdown.begun || !listening) exitNow(code || 1);
    await shutdown.run(listening, { deadlineMs: drainSeconds * 1000 });
    // A model in native code would make an orderly exit hang.
    const isLate = models.some(({ state }) => state === "starting") ||
      await deadline(close(), IDLE_MS).then(() => false, () => true);
    await lines.flush(FLUSH_MS);
    if (isLate) exitNow(code);
    Deno.exit(code);
  }
  async function idle(): Promise<void> {
    await Promise.all(models.map((model) => model.idle()));
  }
  async function close(): Promise<void> {
    await Promise.all(models.map((model) => model.close()));
  }
  function giveUp(message: string): void {
    say(message, console.error);
    if (shutdown.begun) return; // The other models' replies may still end.
    leave({ code: 1, drainSeconds: 0 });
  }

  const { models, prefix } = served;
  served.reportTo({
    onOpened: tell,
    onWarning: (model, text) => log.warn({ model }, text),
    onFailure: (model, err) => log.error({ model, err }, "model failed"),
    onGivenUp: (id, { message }) =>
      giveUp(
        `Cannot serve ${id}: it has failed too often in a row: ${message}`,
      ),
  });
  served.opening.catch(({ message }) => giveUp(message));
  const secret = prefix.then(({ secret }) => secret);
  secret.catch(() => {}); // The first model that needs it fails.
  for (const model of models) counts.watch(model.id, model);

  const { aliases, apiKeys, adminKey, corsOrigins, responseHours } = config;
  const { apiKeysFile: path, limits } = config;
  const keyFile = path === undefined ? undefined : new KeyFile({
    path,
    limits,
    adminKey,
    onWarning: (text) => log.warn(text),
    now: () => performance.now(),
  });
  const responseStore = responseHours === 0
    ? undefined
    : openResponses(prefix, {
      lifeMs: responseHours * HOUR_MS,
      onFailure: (err) => log.warn({ err }, "responses are not kept"),
      onFull: (isFull) =>
        isFull
          ? log.warn("responses are not kept: the disk is almost full")
          : log.info("responses are kept again: the disk has room"),
      now: Date.now,
    });
  const app = createApp({
    engines: models,
    aliases,
    caches: [...models, ...responseStore ? [responseStore] : []],
    responseStore,
    apiKeys,
    fileKeys: keyFile && (() => keyFile.keys()),
    limits,
    limiter: openLimiter(config.prefix, secret, {
      onFailure: (err) => log.warn({ err }, "limits are not shared"),
      now: Date.now,
    }),
    adminKey,
    ...(corsOrigins.includes("*") ? {} : { corsOrigins }),
    logFailure: (err, context) => log.error({ ...context, err }, "failure"),
    logRequest: (record) => log[requestLevel(record)](record, "request"),
    logGeneration: ({ counts, made, ...report }) =>
      log.info(
        { ...report, ...counts?.usage, ...counts?.timings },
        LOGGED[made ?? "text"],
      ),
    counts,
    shutdown,
  });
  return {
    fetch: (request) => app.fetch(request),
    idle,
    leave(signal) {
      log.info({ signal }, "shutting down");
      leave({ code: 0, drainSeconds: config.drainSeconds });
    },
  };
}

/** Returns the level of a request's line: probes are no news. */
function requestLevel({ path }: { path: string }): "debug" | "info" {
  return ["/live", "/ready", "/metrics"].includes(path) ? "debug" : "info";
}
