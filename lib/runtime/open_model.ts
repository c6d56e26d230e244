/**
 * From files to a model: which of an artefact's graphs a backend needs.
 *
 * @module
 */

import { type Artefact, BATCHES } from "../../models/artefact.ts";
import { Embedding } from "../../models/embedding.ts";
import type { Backend, Session } from "./backend.ts";
import { OrtModel, type OrtModelParts } from "./ort_model.ts";
import type { TurnsOptions } from "./turns.ts";

/** How a model is opened. */
export interface OpenModelOptions extends Partial<TurnsOptions> {
  /** Tokens that a text may have. */
  context: number;
}

/** Opens an artefact's graphs on `backend`. */
export async function openModel(
  backend: Backend,
  artefact: Artefact,
  { context, onWork, now = () => performance.now() }: OpenModelOptions,
): Promise<OrtModel> {
  // One after the other: WebGPU refuses a second session while one is being made.
  const { folder, config, adapter } = artefact;
  const open = (graph: string, options?: { brief: boolean }) =>
    backend.createSession(`${folder}/${graph}.onnx`, options);
  const batched = new Map<number, Session>();
  const sessions: Pick<OrtModelParts, "body" | "head" | "drafting" | "hydra"> =
    {
      body: await open("body"),
      head: await open("head"),
    };
  if (backend.batches) {
    for (const size of BATCHES) batched.set(size, await open(`body-${size}`));
  }
  // Rows on wasm cost too much for masks to pay, and weights too much memory.
  if (adapter.updates.length > 0 && backend.name !== "wasm") {
    sessions.drafting = await open("drafting");
  }
  if (adapter.hydra) {
    sessions.hydra = await open("hydra", { brief: true });
  }
  return new OrtModel({
    backend,
    ...sessions,
    batched,
    config,
    embedding: await Embedding.open(artefact),
    adapter,
    context,
    onWork,
    now,
  });
}
