/**
 * What every entry does before it listens: it checks what can be checked at once. The
 * service itself, with most of the program, is imported while the server listens already.
 *
 * @module
 */

import { availableParallelism, homedir } from "node:os";
import { deadline } from "@std/async/deadline";
import { readKeys } from "../lib/access/key_file.ts";
import type { Config, Host } from "../lib/config/config.ts";
import { say } from "../lib/observe/say.ts";
import { checkFile } from "../models/download/local_file.ts";
import { resolveModel } from "../models/registry.ts";
import type { ListeningServer, Service } from "./service.ts";

/** Milliseconds that the first model may take before the service is imported anyway. */
const BEGIN_MS = 500;

/** Signals that end a server. */
const SIGNALS: Deno.Signal[] = [
  "SIGINT",
  Deno.build.os === "windows" ? "SIGBREAK" : "SIGTERM",
];

/** What an entry serves. */
export interface Started {
  /** Ids of the models. */
  ids: string[];
  /** Loads the service, if no request has done so; to be called once the host listens. */
  load(): void;
  /** Answers a request. */
  fetch(request: Request): Promise<Response>;
  /** Resolves once no request waits for a model or is in one. */
  idle(): Promise<void>;
}

/** Returns what this machine offers. */
export function thisHost(): Host {
  return {
    processors: availableParallelism(),
    cacheHome: Deno.env.get("XDG_CACHE_HOME") || `${homedir()}/.cache`,
  };
}

/** Returns what a step returns, or ends the process with one line that says why not. */
export async function orExit<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), console.error);
    Deno.exit(1);
  }
}

/**
 * Starts the service of a server that is about to listen, and ends it on a signal.
 *
 * @param server returns the server once it listens.
 * @throws {Deno.errors.NotFound} if there is no file at the path of a model.
 * @throws {TypeError} if the file of keys can't be read.
 */
export async function start(
  config: Config,
  server: () => ListeningServer | undefined,
): Promise<Started> {
  const models = config.models.map(resolveModel);
  for (const model of models) if ("path" in model) await checkFile(model.path);
  const { apiKeysFile, adminKey } = config;
  if (apiKeysFile) await readKeys(apiKeysFile, { adminKey });

  let loading: Promise<Service> | undefined;
  const service = () =>
    loading ??= orExit(async () => {
      const { serveModels } = await import(
        "../lib/engine/loading/serve_models.ts"
      );
      const served = serveModels(config);
      // Imports would keep this thread from what the first model's worker waits for.
      await deadline(served.begun, BEGIN_MS).catch(() => {});
      const { createService } = await import("./service.ts");
      return createService(config, server, { served });
    });
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, async () => (await service()).leave(signal));
  }
  return {
    ids: models.map(({ id }) => id),
    load: () => void service(),
    fetch: async (request) => await (await service()).fetch(request),
    idle: async () => await (await service()).idle(),
  };
}
