/**
 * Opens a model: the graphs of an artefact that a backend needs.
 *
 * @module
 */

import { type Artefact, BATCHES } from "../../models/artefact.ts";
import { Embedding } from "../../models/embedding.ts";
import type { Backend } from "./backend.ts";
import { OrtModel } from "./ort_model.ts";

/** How a model is opened. */
export interface OpenModelOptions {
  /** Tokens that a text may have. */
  context: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

/** Opens an artefact's graphs on `backend`. */
export async function openModel(
  backend: Backend,
  artefact: Artefact,
  { context, now = () => performance.now() }: OpenModelOptions,
): Promise<OrtModel> {
  const { folder, config, adapter } = artefact;
  const open = (graph: string, options?: { brief: boolean }) =>
    backend.createSession(`${folder}/${graph}.onnx`, options);
  const batches = backend.batches ? BATCHES : [];
  // Rows on wasm cost too much for masks to pay, and weights too much memory.
  const updates = adapter.updates.length > 0 && backend.name !== "wasm";
  const [body, head, maskBody, hydra, ...batched] = await Promise.all([
    open("body"),
    open("head"),
    updates ? open("body-masks") : undefined,
    adapter.hydra ? open("hydra", { brief: true }) : undefined,
    ...batches.map((size) => open(`body-${size}`)),
  ]);
  return new OrtModel({
    ...{ backend, config, adapter, context, now, body, head },
    ...(maskBody && { maskBody }),
    ...(hydra && { hydra }),
    batched: new Map(batches.map((size, i) => [size, batched[i]!])),
    embedding: await Embedding.open(artefact),
  });
}
