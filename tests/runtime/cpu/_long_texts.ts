/**
 * A process of its own, whose heap no test has used before: opens and closes long texts on
 * a thrifty backend, and prints the MiB that are kept after each.
 *
 * @module
 */

import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";

const MIB = 1 << 20;

const backend = cpuBackend(1, { thrifty: true });
const shape = { layers: 20, kvHeads: 2, headDim: 64 };
const before = Deno.memoryUsage().rss;
const blocks: Float32Array[] = [];
const kept: number[] = [];
for (let text = 0; text < 3; text++) {
  const kv = backend.createKvBuffer(shape, { slots: 4096, most: 4096 });
  for (const { data } of kv.tensors) (data as Float32Array).fill(1);
  blocks.push(new Float32Array(MIB / 8).fill(1)); // stays after it in the heap
  kv.close();
  kept.push(Math.round((Deno.memoryUsage().rss - before) / MIB));
}
await backend.close();
console.log(JSON.stringify(kept));
