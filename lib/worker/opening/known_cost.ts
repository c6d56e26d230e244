/**
 * What passes cost on this machine: measuring takes half a second, and costs are only
 * where `LiveCost` begins.
 *
 * @module
 */

import type { CostSamples } from "../../bita/cost/cost_curve.ts";
import { type NotePlace, readNote, writeNote } from "./notes.ts";

/** Samples of a model's passes. */
export interface PassSamples {
  body: CostSamples;
  head: CostSamples;
}

/** Milliseconds for which a note is believed. */
const VALID_MS = 24 * 60 * 60 * 1000;

/** Returns the samples that were noted on this processor at most a day before `now`. */
export async function readCost(
  place: NotePlace,
  now: number,
): Promise<PassSamples | undefined> {
  const { measured, body, head } = await readNote("cost", place) ?? {};
  const age = now - Number(measured);
  const isValid = age >= 0 && age < VALID_MS;
  if (isValid && areSamples(body) && areSamples(head)) return { body, head };
}

/** Notes samples. */
export async function writeCost(
  place: NotePlace,
  { body, head }: PassSamples,
  now: number,
): Promise<void> {
  await writeNote("cost", place, { body, head, measured: now });
}

function areSamples(samples: unknown): samples is CostSamples {
  return Array.isArray(samples) && samples.length >= 2 &&
    samples.every((sample) =>
      sample?.length === 2 && sample.every((x: unknown) => Number(x) > 0)
    );
}
