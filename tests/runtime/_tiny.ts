/**
 * A tiny model, and steps of it.
 *
 * @module
 */

import { uniform } from "../../lib/bita/choose/random.ts";
import type { StepOutput } from "../../lib/bita/decode/model.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import type { OrtStep } from "../../lib/runtime/ort_sequence.ts";
import { type Artefact, openArtefact } from "../../models/artefact.ts";
import { openGguf } from "../../models/gguf/reader.ts";
import type { WeightFormat } from "../../models/graph/linear.ts";
import { ARBITRARY } from "../toy/reading.ts";
import { TINY, type TinyOptions, writeTinyGguf } from "../toy/tiny_gguf.ts";

/** Converts a tiny model in a folder that stays until the tests end. */
export async function tinyArtefact(
  format: WeightFormat,
  options: Omit<TinyOptions, "seed"> = {},
): Promise<Artefact> {
  const folder = await Deno.makeTempDir();
  addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  await writeTinyGguf(`${folder}/tiny.gguf`, {
    seed: 1,
    head: "F32",
    ...options,
  });
  return await openArtefact(await openGguf(`${folder}/tiny.gguf`), {
    cacheDir: folder,
    format,
    progress: { start() {}, advance() {}, stop() {}, note() {} },
    reading: ARBITRARY,
  });
}

/** A step of a chain of tokens, all of which are read. */
export function stepOf(
  model: OrtModel,
  { seed, rows, sequence = model.open(new Int32Array(1)) }: {
    seed: number;
    rows: number;
    sequence?: OrtStep["sequence"];
  },
): OrtStep {
  const tokens = Int32Array.from(
    { length: rows },
    (_, i) => Math.floor(uniform(seed, i) * TINY.vocab),
  );
  const read = [...tokens.keys()];
  const parents = chain(rows - 1);
  return { sequence, start: sequence.length, tokens, parents, read };
}

/** Copies the logits of outputs. */
export function copy(outputs: StepOutput[]): Float32Array[][] {
  return outputs.map(({ logits }) => logits.map((row) => row.slice()));
}

/** Computes each step in a pass of its own. */
export async function alone(
  model: OrtModel,
  steps: OrtStep[],
): Promise<Float32Array[][]> {
  const logits: Float32Array[][] = [];
  for (const step of steps) {
    const outputs = await model.run([step]);
    logits.push(...copy(outputs));
    outputs[0].release();
  }
  return logits;
}
