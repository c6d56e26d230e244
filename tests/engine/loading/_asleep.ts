/**
 * A process of its own, which chooses a backend, and has a worker open a tiny model and
 * close it again. Prints the mappings of ONNX Runtime that there are after the worker's
 * end, and then after a rest.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { IdleMemory } from "../../../lib/engine/loading/idle_memory.ts";
import {
  chooseBackend,
  openBackend,
} from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { stepOf, tinyArtefact } from "../../runtime/_tiny.ts";

const isWorker = self.name === "model";

/** Opens a model, computes a pass and closes it. */
async function computeOnce(): Promise<void> {
  const backend = await openBackend("cpu", { threads: 1 });
  const artefact = await tinyArtefact("w8a8");
  const model = await openModel(backend, artefact, { context: 64 });
  const [output] = await model.run([stepOf(model, { seed: 1, rows: 2 })]);
  output.release();
  await model.close();
}

/** Returns how many parts of the library are in memory. */
function mapped(): number {
  const maps = Deno.readTextFileSync("/proc/self/maps");
  return maps.split("\n").filter((line) => line.includes("libonnxruntime"))
    .length;
}

if (isWorker) {
  await computeOnce();
  self.postMessage("closed");
} else {
  await chooseBackend("auto");
  const worker = new Worker(import.meta.url, { type: "module", name: "model" });
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.terminate();
  const before = mapped();
  await new IdleMemory().rest();
  console.log(JSON.stringify([before, mapped()]));
}
