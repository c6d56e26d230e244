import { assert } from "@std/assert";
import process from "node:process";
import { openRealModel } from "../real_model.ts";

const RUNS = 10;
const PAUSE_MS = 20;

Deno.test("openNativeSession() lets its threads sleep between runs", async () => {
  const model = await openRealModel("cpu", { context: 64 });
  const sequence = model.open(Int32Array.of(1));
  let busyMs = 0;
  for (let start = 0; start < RUNS; start++) {
    await sequence.forward({
      start,
      tokens: Int32Array.of(1),
      positions: Int32Array.of(start),
      visible: Uint8Array.of(1),
    });
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const { user, system } = process.cpuUsage(before); // microseconds
    busyMs += (user + system) / 1000;
  }
  sequence.close();
  assert(busyMs < RUNS * PAUSE_MS / 4, `busy for ${busyMs} ms`);
});
