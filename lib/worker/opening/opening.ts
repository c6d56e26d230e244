/**
 * Opens a model in its worker, as far as its first answer needs it.
 *
 * @module
 */

import type { OpenMessage } from "../messages.ts";
import { openPrefixCache } from "../../prefix/open_prefix_cache.ts";
import type { PrefixCache } from "../../prefix/prefix_cache.ts";
import { openBackend } from "../../runtime/choose_backend.ts";
import { fingerprint } from "../../runtime/fingerprint.ts";
import { kvBytes } from "../../runtime/kv/kv_layout.ts";
import { openModel } from "../../runtime/open_model.ts";
import type { OrtModel } from "../../runtime/ort_model.ts";
import { checkModel, measureCost, type ModelCheck } from "./check_model.ts";
import { type PassSamples, readCost, writeCost } from "./known_cost.ts";
import { KnownProof } from "./known_proof.ts";
import type { NotePlace } from "./notes.ts";

/** What is known of an open model. */
export interface Examined {
  check: ModelCheck;
  /** The cache of its prompts, if there is one. */
  cache?: PrefixCache;
  /** How prompts are cached, in a few words. */
  about: string;
}

/** What is called while a model is open. */
export interface OpeningOptions {
  /** With the reason when its hardware fails. */
  onLost: (reason: string) => void;
  /** With the reason if it is slower than it could be. */
  onWarning: (reason: string) => void;
}

/** Opens a model without what drafts. */
export async function openAlone(
  { artefact, backend: name, threads, context, parallel }: OpenMessage,
  { onLost, onWarning }: OpeningOptions,
): Promise<OrtModel> {
  const backend = await openBackend(name, { threads, onWarning });
  backend.lost?.then(onLost);
  try {
    return await openModel(backend, artefact, {
      context,
      parallel,
      draftLater: true,
    });
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** Tests a model as far as is not known, and opens the cache of its prompts. */
export async function examine(
  model: OrtModel,
  { artefact, backend, threads, context, prefix }: OpenMessage,
): Promise<Examined> {
  const place = { folder: artefact.folder, backend, threads };
  const name = await fingerprint({ artefact, backend, threads, model });
  const subject = { fingerprint: name, context };
  const check = await checkModel(model, {
    samples: () => costOf(model, place),
    // Of a GPU, the notes do not say which one it was.
    proof: backend === "cpu" ? new KnownProof(place, subject) : undefined,
  });
  if (prefix.mode === "off") return { check, about: "off" };
  const opened = await openPrefixCache(prefix, {
    fingerprint: name,
    bytesPerToken: kvBytes(artefact.config, 1),
    computeMs: check.cost.body,
    now: Date.now,
  });
  return { check, ...opened };
}

/** Returns what passes cost, as noted or as measured now. */
async function costOf(
  model: OrtModel,
  place: NotePlace,
): Promise<PassSamples> {
  const known = await readCost(place, Date.now());
  if (known) return known;
  const samples = await measureCost(model);
  await writeCost(place, samples, Date.now());
  return samples;
}
