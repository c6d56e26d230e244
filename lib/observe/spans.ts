/**
 * A generation as OpenTelemetry's spans: the queue, the prompt and the passes. Deno
 * exports them if `OTEL_DENO` is set; otherwise they do nothing.
 *
 * @module
 */

import { type Context, trace } from "@opentelemetry/api";
import type { GenerationReport } from "./observed.ts";

/** What a generation belongs to. */
export interface SpanOptions {
  model: string;
  /** The span of its request. */
  parent: Context;
  /** Unix time of its end, in milliseconds. */
  endedAt: number;
}

/** Names of spans by what was made. */
const NAMES = { text: "generate", vectors: "embed", decisions: "decide" };

/** Records how a generation went, once it is over. */
export function recordSpans(
  { made, outcome, counts, ms }: GenerationReport,
  { model, parent, endedAt }: SpanOptions,
): void {
  const tracer = trace.getTracer("bita");
  const startedAt = endedAt - ms;
  const whole = tracer.startSpan(NAMES[made ?? "text"], {
    startTime: startedAt,
    attributes: { "gen_ai.request.model": model, "bita.outcome": outcome },
  }, parent);
  if (counts) {
    const { usage } = counts;
    whole.setAttributes({
      "gen_ai.usage.input_tokens": usage.promptTokens,
      "gen_ai.usage.output_tokens": usage.completionTokens,
    });
  }
  if (counts && counts.timings.prompt_ms > 0) { // its prompt was read to the end
    const { timings } = counts;
    const decoding = endedAt - timings.predicted_ms;
    const reading = decoding - timings.prompt_ms;
    const within = trace.setSpan(parent, whole);
    const part = (
      name: string,
      [from, to]: [number, number],
      attributes = {},
    ) =>
      tracer.startSpan(name, { startTime: from, attributes }, within).end(to);
    part("queue", [Math.min(startedAt, reading), reading]);
    part("prefill", [reading, decoding], {
      "bita.prompt_n": timings.prompt_n,
      "bita.cache_n": timings.cache_n,
    });
    if (timings.passes > 0) {
      part("passes", [decoding, endedAt], {
        "bita.passes": timings.passes,
        "bita.rows": timings.rows,
        "bita.draft_n": timings.draft_n,
        "bita.draft_n_accepted": timings.draft_n_accepted,
      });
    }
  }
  whole.end(endedAt);
}
