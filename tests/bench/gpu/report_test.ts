import { assertEquals } from "@std/assert";
import { type GpuReport, problems } from "./report.ts";

const REPORT: GpuReport = {
  device: "a device",
  exact: "bitwise",
  sequencesPerPass: 16,
  passes: [{ rows: 1, ms: 2, dispatches: 3, up: 4, down: 8 }],
  drafts: [{
    draft: "none",
    perSecond: 5,
    perPass: 1,
    drafted: 0,
    accepted: 0,
    identical: 1,
  }],
  prefixes: [
    { from: "cold", firstMs: 9, cached: 0, identical: 1 },
    { from: "kv", firstMs: 5, cached: 16, identical: 1 },
  ],
  streams: [{ streams: 1, perSecond: 3, firstMs: 9, identical: 1 }],
};

Deno.test("problems() lists zeros, what is no number, other texts and empty caches", () => {
  assertEquals(problems(REPORT), []);
  const [pass] = REPORT.passes;
  const [stream] = REPORT.streams;
  const [cold, kv] = REPORT.prefixes;
  const wrong: Partial<GpuReport>[] = [
    { device: "" },
    { drafts: [] },
    { passes: [{ ...pass, ms: 0 }] },
    { passes: [{ ...pass, down: NaN }] },
    { passes: [{ ...pass, up: null as unknown as number }] }, // of JSON
    { streams: [{ ...stream, identical: 0.5 }] },
    { prefixes: [cold, { ...kv, cached: 0 }] },
    { prefixes: [{ ...cold, cached: 1 }, kv] },
  ];
  assertEquals(wrong.flatMap((part) => problems({ ...REPORT, ...part })), [
    "the device has no name",
    "drafts: nothing was measured",
    "passes, 1: ms is 0",
    "passes, 1: down is NaN",
    "passes, 1: up is null",
    "streams, 1: other tokens",
    "prefixes, kv: nothing was cached",
    "prefixes, cold: it was cached",
  ]);
});
