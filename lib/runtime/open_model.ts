/**
 * Opens a model: the graphs of an artefact that a backend needs.
 *
 * @module
 */

import type { Artefact } from "../../models/artefact.ts";
import { BATCHES } from "../../models/batches.ts";
import { Embedding } from "../../models/embedding.ts";
import type { Backend } from "./backend.ts";
import type { DrafterSessions } from "./model_parts.ts";
import { OrtModel, ROWS_ALONE } from "./ort_model.ts";

/** Rows up to which attention is faster if query heads that share keys become rows. */
const MOST_FOLDED = 4;

/** Slots before several rows from which it is. */
const LONG = 800;

/** How a model is opened. */
export interface OpenModelOptions {
  /** Tokens that a text may have. */
  context: number;
  /** Texts that run at once; bodies for more of them are not used. @default Infinity */
  parallel?: number;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
  /** Whether what drafts is left to {@linkcode OrtModel.addDrafters}. */
  draftLater?: boolean;
}

/**
 * Opens an artefact's graphs on `backend`. Bodies for several sequences are left to
 * {@linkcode OrtModel.widen}, and that for few rows to {@linkcode OrtModel.addFew}, as
 * they would make a start take twice as long.
 *
 * @throws {Error} if a graph cannot be opened, once no other is being opened.
 */
export async function openModel(
  backend: Backend,
  artefact: Artefact,
  {
    context,
    parallel = Infinity,
    now = () => performance.now(),
    draftLater = false,
  }: OpenModelOptions,
): Promise<OrtModel> {
  const { folder, config, adapter } = artefact;
  const open = (graph: string, options?: { brief: boolean }) =>
    backend.createSession(`${folder}/${graph}.onnx`, options);
  // Rows on wasm cost too much for masks to pay, and weights too much memory.
  const updates = adapter.updates.length > 0 && backend.name !== "wasm";
  async function openDrafters(): Promise<DrafterSessions> {
    const [maskBody, hydra] = await allSettled([
      updates ? open("body-masks") : undefined,
      adapter.hydra ? open("hydra", { brief: true }) : undefined,
    ]);
    return { ...(maskBody && { maskBody }), ...(hydra && { hydra }) };
  }
  const [body, head, drafters] = await allSettled([
    open("body"),
    open("head"),
    draftLater ? {} : openDrafters(),
  ]);
  const copies = config.heads / config.kvHeads;
  // Further bodies are worth their memory where all of them share their weights.
  const isNative = backend.name === "cpu";
  // The copies of a part of a prompt must have room after the text.
  const foldsBatches = isNative && copies > 1 &&
    (copies - 1) * ROWS_ALONE <= backend.rows.max;
  return new OrtModel({
    backend,
    config,
    adapter,
    context,
    now,
    body,
    head,
    ...drafters,
    ...(draftLater && (updates || adapter.hydra) && { openDrafters }),
    batches: backend.sharesPasses ? batchesOf(parallel) : [],
    foldsBatches,
    openBatched: (sequences) =>
      open(foldsBatches ? `body-folded-${sequences}` : `body-${sequences}`),
    ...(isNative && {
      few: {
        open: () => open("body-folded"),
        most: copies > 1 ? MOST_FOLDED : 1,
        from: LONG,
      },
    }),
    embedding: Embedding.open(artefact),
  });
}

/** Returns the sizes of passes for so many sequences; the last may be for more. */
function batchesOf(parallel: number): number[] {
  return BATCHES.filter((_, i) => (BATCHES[i - 1] ?? 1) < parallel);
}

/** Waits for all work, even if some fails: native code must not run on after that. */
async function allSettled<T extends unknown[]>(
  works: { [K in keyof T]: T[K] | Promise<T[K]> },
): Promise<T> {
  await Promise.allSettled(works);
  return await Promise.all(works) as T;
}
