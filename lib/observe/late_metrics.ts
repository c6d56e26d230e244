/**
 * Metrics whose library is imported with the first count or report, since no start waits
 * for it.
 *
 * @module
 */

import type { Metrics, WatchedModel } from "./metrics.ts";
import type { GenerationReport } from "./observed.ts";

/** Counts as {@linkcode Metrics} does, in the order of the calls. */
export class LateMetrics {
  #metrics: Promise<Metrics> | undefined;
  readonly #watched = new Map<string, WatchedModel>();

  /** Shows a model's queue, state and cache, and its counts from zero on. */
  watch(id: string, watched: WatchedModel): void {
    this.#watched.set(id, watched);
    this.#metrics?.then((metrics) => metrics.watch(id, watched));
  }

  /** Counts a generation that is over. */
  async countGeneration(
    model: string,
    report: GenerationReport,
  ): Promise<void> {
    (await this.#load()).countGeneration(model, report);
  }

  /** Counts an HTTP response. */
  async countResponse(status: number): Promise<void> {
    (await this.#load()).countResponse(status);
  }

  /** Writes all down in Prometheus's text format. */
  async report(): Promise<{ text: string; contentType: string }> {
    return await (await this.#load()).report();
  }

  #load(): Promise<Metrics> {
    return this.#metrics ??= this.#import();
  }

  async #import(): Promise<Metrics> {
    const { Metrics } = await import("./metrics.ts");
    const metrics = new Metrics();
    for (const [id, watched] of this.#watched) metrics.watch(id, watched);
    return metrics;
  }
}
