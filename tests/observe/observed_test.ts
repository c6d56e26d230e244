import { assertEquals, assertRejects } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { GenerationEvent } from "../../lib/engine/generation.ts";
import type { OnBegin } from "../../lib/engine/output_counter.ts";
import {
  type GenerationReport,
  observed,
  observedWhole,
} from "../../lib/observe/observed.ts";

const COUNTS = {
  usage: { promptTokens: 1, completionTokens: 1, cachedTokens: 0 },
  timings: {
    prompt_n: 1,
    prompt_ms: 1,
    cache_n: 0,
    predicted_n: 1,
    predicted_ms: 1,
    predicted_per_second: 1,
    draft_n: 0,
    draft_n_accepted: 0,
    passes: 1,
    rows: 1,
  },
};

Deno.test("observed() reports an abort after the end of one of several answers", async () => {
  const leaving = new AbortController();
  async function* events(): AsyncGenerator<GenerationEvent> {
    yield { type: "end", finishReason: "stop", choice: 0, ...COUNTS };
    leaving.abort(new RangeError("left"));
    leaving.signal.throwIfAborted();
  }
  const reports: GenerationReport[] = [];
  await assertRejects(
    () =>
      Array.fromAsync(observed(events, {
        signal: leaving.signal,
        clock: () => 0,
        report: (report) => reports.push(report),
      })),
    RangeError,
    "left",
  );
  assertEquals(reports.map(({ outcome }) => outcome), ["abort"]);
});

Deno.test("observedWhole() reports what was made, or why it was not", async () => {
  const reports: GenerationReport[] = [];
  const results: ((onBegin: OnBegin) => Promise<void>)[] = [
    (onBegin) => Promise.resolve(onBegin(() => COUNTS)),
    () => Promise.reject(new ApiError(400, "wrong")),
    (onBegin) => {
      onBegin(() => COUNTS);
      return Promise.reject(new RangeError("broken"));
    },
  ];
  for (const make of results) {
    const result = observedWhole("decisions", make, {
      signal: new AbortController().signal,
      clock: () => 0,
      report: (report) => reports.push(report),
    });
    await result.catch(() => {});
  }
  const made = { made: "decisions", ms: 0 } as const;
  assertEquals(reports, [
    { ...made, outcome: "stop", counts: COUNTS },
    { ...made, outcome: "refused" },
    { ...made, outcome: "error", counts: COUNTS },
  ]);
});
