import { assertEquals } from "@std/assert";
import { clipsSums } from "../../../lib/runtime/cpu/clips_sums.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { type Artefact, openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import { ARBITRARY } from "../../toy/reading.ts";
import { writeTinyGguf } from "../../toy/tiny_gguf.ts";
import { alone, copy, stepOf } from "../_tiny.ts";

/** Converts a tiny model on a processor that clips sums, or on one that does not. */
async function convert(folder: string, clips: boolean): Promise<Artefact> {
  return await openArtefact(await openGguf(`${folder}/tiny.gguf`), {
    cacheDir: `${folder}/${clips}`,
    format: "w8a8",
    progress: { start() {}, advance() {}, stop() {}, note() {} },
    reading: { ...ARBITRARY, clipsSums: () => Promise.resolve(clips) },
  });
}

/** Computes rows alone, and rows of two sequences by a body that is opened later. */
async function compute(artefact: Artefact): Promise<Float32Array[][]> {
  const backend = await openBackend("cpu", { threads: 1 });
  const model = await openModel(backend, artefact, { context: 64 });
  const steps = [1, 2, 7].map((rows) => stepOf(model, { seed: rows, rows }));
  const logits = await alone(model, steps);
  await model.widen(2, () => Promise.resolve(true));
  const pair = [3, 4].map((rows) => stepOf(model, { seed: rows, rows }));
  const outputs = await model.run(pair);
  logits.push(...copy(outputs));
  for (const output of outputs) output.release();
  for (const { sequence } of [...steps, ...pair]) sequence.close();
  await model.close();
  return logits;
}

Deno.test("a model has the same bits, whichever processor converted it", async () => {
  const folder = await Deno.makeTempDir();
  await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
  const [clipping, other] = [
    await convert(folder, true),
    await convert(folder, false),
  ];
  assertEquals(await compute(other), await compute(clipping));
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: "clipsSums() finds out which processors have VNNI",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  async fn() {
    const folder = await Deno.makeTempDir();
    await writeTinyGguf(`${folder}/tiny.gguf`, { seed: 1 });
    const artefact = await convert(folder, true);
    const flags = new Set(Deno.readTextFileSync("/proc/cpuinfo").split(/\s+/));
    const hasVnni = flags.has("avx512_vnni") || flags.has("avx_vnni");
    const clips = flags.has("avx2") && !hasVnni;
    assertEquals(await clipsSums(artefact.folder), clips);
    await Deno.remove(folder, { recursive: true });
  },
});
