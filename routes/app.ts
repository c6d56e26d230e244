/**
 * The whole HTTP side: what every request passes, in order, and then the resources.
 *
 * @module
 */

import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { type KeySource, plainKey } from "../lib/access/api_keys.ts";
import type { Limits } from "../lib/access/buckets.ts";
import { RateLimiter } from "../lib/access/rate_limiter.ts";
import type { ServedModel } from "../lib/engine/generation.ts";
import { Shutdown } from "../lib/engine/shutdown.ts";
import { LateMetrics } from "../lib/observe/late_metrics.ts";
import type { ResponseStore } from "../lib/responses/response_store.ts";
import { failure, type LogFailure, notFound, toApiError } from "./failure.ts";
import type { Aliases } from "./find_model.ts";
import type { LogGeneration } from "./generate.ts";
import { apiKey } from "./middleware/api_key.ts";
import { bodyBudget } from "./middleware/body_budget.ts";
import { crossOrigin } from "./middleware/cross_origin.ts";
import { hostCheck } from "./middleware/host_check.ts";
import { readPath } from "./middleware/paths.ts";
import { LIMITED, rateLimit } from "./middleware/rate_limit.ts";
import { type LogRequest, requestLog } from "./middleware/request_log.ts";
import { ollamaGeneration } from "./ollama/generation.ts";
import { ollamaModels } from "./ollama/models.ts";
import { adminCache, type Erasable } from "./operator/admin_cache.ts";
import { health, probes } from "./operator/health.ts";
import { metrics } from "./operator/metrics.ts";
import { playground } from "./playground.ts";
import { reference } from "./reference.ts";
import { chatCompletions } from "./v1/chat_completions.ts";
import { completions } from "./v1/completions.ts";
import { decisions } from "./v1/decisions.ts";
import { embeddings } from "./v1/embeddings.ts";
import { anthropicRequestId, messages } from "./v1/messages.ts";
import { models } from "./v1/models.ts";
import { responses } from "./v1/responses.ts";
import { tokens } from "./v1/tokens.ts";

/** What the app serves, and what it needs from outside. */
export interface AppOptions {
  /** Models, each with an id of its own. */
  engines: readonly ServedModel[];
  /** Ids of models by other names. */
  aliases?: Aliases;
  /** Keys that open `/v1` and `/api`; without any, these are open. */
  apiKeys?: readonly string[];
  /** Keys of a file, which open the same; without a file, there are none. */
  fileKeys?: KeySource | undefined;
  /** What a key may take that has no limits of its own, and all callers without keys. */
  limits?: Limits;
  /** Counts what callers take. @default in memory */
  limiter?: RateLimiter;
  /** What `/admin` erases: the caches of the engines' prompts, and responses. */
  caches?: readonly Erasable[];
  /** Keeps responses; without it, none is kept. */
  responseStore?: ResponseStore | undefined;
  /** Key that opens `/admin`; without one, it is not there. */
  adminKey?: string | undefined;
  /** Origins whose pages may call; any origin without a list. */
  corsOrigins?: readonly string[];
  /** Called with failures whose details are not sent to clients. */
  logFailure: LogFailure;
  /** Called with each request, once it has an answer. */
  logRequest?: LogRequest;
  /** Called with each generation, once it has ended. */
  logGeneration?: LogGeneration;
  /** What `/metrics` shows. */
  counts?: LateMetrics;
  /** The way out, once it is taken. */
  shutdown?: Shutdown;
  /** Milliseconds between the comments in a stream. @default 15_000 */
  pingMs?: number;
  /** Unix time in milliseconds. @default Date.now */
  now?: () => number;
  /** Time in milliseconds that never goes back. @default performance.now */
  clock?: () => number;
  /** Returns the seed of a request without one. @default from the system */
  randomSeed?: () => number;
  /** Returns a unique text. @default crypto.randomUUID */
  newId?: () => string;
}

/** Joins middleware and resources into one app. */
export function createApp({
  engines,
  aliases = new Map(),
  apiKeys = [],
  fileKeys,
  limits = {},
  caches = [],
  responseStore,
  adminKey,
  corsOrigins,
  logFailure,
  logRequest = () => {},
  logGeneration = () => {},
  counts = new LateMetrics(),
  shutdown = new Shutdown(),
  pingMs = 15_000,
  now = Date.now,
  limiter = new RateLimiter({ now }),
  clock = () => performance.now(),
  randomSeed = systemSeed,
  newId = () => crypto.randomUUID(),
}: AppOptions): Hono {
  const plain = apiKeys.map((key) => plainKey(key, limits));
  const keys = async () => [...plain, ...await fileKeys?.() ?? []];
  const needsKey = plain.length > 0 || fileKeys !== undefined;
  const app = new Hono({ getPath: readPath });
  app.use(requestId({ generator: newId }));
  app.use("/v1/messages/*", anthropicRequestId());
  app.use(requestLog((record) => {
    counts.countResponse(record.status);
    logRequest(record);
  }, clock));
  app.use(hostCheck());
  for (const apis of ["/v1/*", "/api/*"]) {
    app.use(apis, crossOrigin(corsOrigins));
    if (needsKey) app.use(apis, apiKey(keys));
  }
  app.on("POST", LIMITED, rateLimit(limiter, limits));
  app.use(bodyBudget());
  app.use("/openapi.json", crossOrigin(corsOrigins));

  const options = {
    engines,
    aliases,
    logFailure,
    logGeneration,
    deadline: shutdown.deadline,
    pingMs,
    now,
    clock,
    counts,
    randomSeed,
    newId,
  };
  app.route("/v1", chatCompletions(options));
  app.route("/v1", completions(options));
  app.route("/v1", messages(options));
  app.route("/v1", responses({ ...options, store: responseStore }));
  app.route("/v1", embeddings(options));
  app.route("/v1", decisions(options));
  app.route("/v1", tokens(options));
  app.route("/v1", models(engines, aliases));
  app.route("/api", ollamaGeneration(options));
  app.route("/api", ollamaModels(engines, aliases));
  app.route("/", health(engines));
  app.route("/", probes(engines, shutdown));
  app.route("/", metrics(counts));
  app.route("/", playground());
  app.route("/", reference({ caller: needsKey, operator: Boolean(adminKey) }));
  if (adminKey) app.route("/admin", adminCache(caches, { adminKey }));

  app.notFound(notFound);
  app.onError((error, c) => {
    // Nobody reads this answer, and leaving is no failure.
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 });
    const requestId = c.get("requestId");
    return failure(c, toApiError(error, { requestId, log: logFailure }));
  });
  return app;
}

function systemSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}
