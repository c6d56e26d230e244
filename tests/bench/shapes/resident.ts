/**
 * How much memory a converted model takes while it decodes, in a process of its own.
 * Arguments: the path of the GGUF file, the folder of its graphs' cache, the weight
 * format, threads, and the tokens of the prompt. Prints {@linkcode Resident} as JSON.
 *
 * @module
 */

import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { cpuBackend } from "../../../lib/runtime/cpu/cpu_backend.ts";
import { trimHeap } from "../../../lib/runtime/cpu/malloc.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import type { WeightFormat } from "../../../models/graph/linear.ts";
import { decodedPlainly, run } from "../../bita/_run.ts";
import { asServed } from "../as_served.ts";
import { randomPrompt } from "./shaped_gguf.ts";

/** Bytes. */
export interface Resident {
  /** Of the process. */
  resident: number;
  /** Of the graphs' weights and the packed embedding, which stays in its file. */
  weights: number;
  /** Of the keys and values of the text. */
  kv: number;
}

/** Measures a model that is converted already. */
export async function measureResident(
  path: string,
  { folder, format, threads, length }: {
    folder: string;
    format: WeightFormat;
    threads: number;
    length: number;
  },
): Promise<Resident> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-check", import.meta.filename!],
      ...[path, folder, format, String(threads), String(length)],
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure the memory of ${path}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function main(args: string[]): Promise<void> {
  const [path, cacheDir, format, threads, length] = args;
  const artefact = await openArtefact(await openGguf(path), {
    cacheDir,
    format: format as WeightFormat,
    progress: { start() {}, advance() {}, stop() {}, note() {} },
  });
  const { folder, config, embedding } = artefact;
  const tokens = 8;
  const context = Number(length) + tokens;
  const model = await openModel(cpuBackend(Number(threads)), artefact, {
    context,
  });
  await asServed(model);
  model.freeOutputs(); // as a server does
  trimHeap();
  await run(decodedPlainly(model, randomPrompt(Number(length), 1), {
    sampling: GREEDY,
    maxTokens: tokens,
    endTokens: new Set(),
  }));
  const { layers, kvHeads, headDim } = config;
  const result: Resident = {
    resident: Deno.memoryUsage().rss,
    weights: (await Deno.stat(`${folder}/weights.bin`)).size +
      embedding.byteLength,
    kv: 2 * layers * kvHeads * headDim * 4 * context,
  };
  console.log(JSON.stringify(result));
  await model.close();
}

if (import.meta.main) await main(Deno.args);
