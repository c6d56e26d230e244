import { assert, assertEquals } from "@std/assert";
import { cpuTime, othersShare, parseCpuTime } from "./machine.ts";

Deno.test("parseCpuTime() adds up busy ticks and those of this process", () => {
  const system = "cpu  100 1 20 1000 30 2 3 4 7 0\ncpu0 50 0 10 500 15 1 1 2\n";
  const self = "42 (a (b) c) S 1 42 42 0 -1 4 1 0 0 0 11 12 13 14 20 0 9 0";
  assertEquals(parseCpuTime({ system, self }), {
    all: 1160,
    busy: 130,
    own: 50,
  });
});

Deno.test("othersShare() excludes this process", () => {
  const before = { all: 1000, busy: 500, own: 100 };
  const after = { all: 1200, busy: 650, own: 210 };
  assertEquals(othersShare(before, after), 0.2);
});

Deno.test({
  name: "cpuTime() notices work of this process",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = await cpuTime();
    const end = performance.now() + 60;
    while (performance.now() < end);
    const after = await cpuTime();
    assert(after!.own > before!.own);
    assert(after!.busy > before!.busy);
  },
});
