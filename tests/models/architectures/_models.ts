/**
 * Opens a tiny model of an architecture, and reads texts with it.
 *
 * @module
 */

import { chain } from "../../../lib/bita/tree/tree.ts";
import { openBackend } from "../../../lib/runtime/choose_backend.ts";
import { openModel } from "../../../lib/runtime/open_model.ts";
import type { OrtModel } from "../../../lib/runtime/ort_model.ts";
import type { OrtSequence } from "../../../lib/runtime/ort_sequence.ts";
import { openArtefact } from "../../../models/artefact.ts";
import { openGguf } from "../../../models/gguf/reader.ts";
import type { WeightFormat } from "../../../models/graph/linear.ts";
import { ARBITRARY } from "../../toy/reading.ts";
import { type TinyOptions, writeTinyGguf } from "../../toy/tiny_gguf.ts";

/** Runs `use` with a tiny model. */
export async function withModel(
  options: TinyOptions,
  format: WeightFormat,
  use: (model: OrtModel) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeTinyGguf(`${folder}/tiny.gguf`, options);
    const artefact = await openArtefact(await openGguf(`${folder}/tiny.gguf`), {
      cacheDir: folder,
      format,
      progress: { start() {}, advance() {}, stop() {}, note() {} },
      reading: ARBITRARY,
    });
    const backend = await openBackend("cpu", { threads: 1 });
    const model = await openModel(backend, artefact, { context: 512 });
    await use(model);
    await model.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads a text on, in passes of 64 rows; returns the logits after it, `[vocab]`. */
export async function logitsAfter(
  model: OrtModel,
  sequence: OrtSequence,
  ids: Int32Array,
): Promise<Float32Array> {
  const last = ids.length - 1;
  for (let start = 0; start < last; start += 64) {
    const tokens = ids.subarray(start, Math.min(start + 64, last));
    const [output] = await model.run([
      stepAfter(sequence, tokens, []),
    ]);
    output.release();
    sequence.length += tokens.length;
  }
  const [output] = await model.run([
    stepAfter(sequence, ids.subarray(last), [0]),
  ]);
  sequence.length++;
  const logits = output.logits[0].slice();
  output.release();
  return logits;
}

function stepAfter(
  sequence: OrtSequence,
  tokens: Int32Array,
  read: number[],
) {
  const parents = chain(tokens.length - 1);
  return { sequence, start: sequence.length, tokens, parents, read };
}
