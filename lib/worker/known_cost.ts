/**
 * What passes cost on this machine, noted beside the graphs: measuring takes half a
 * second, and costs are only where `LiveCost` begins.
 *
 * @module
 */

import { cpus } from "node:os";
import type { CostSamples } from "../bita/cost/cost_curve.ts";

/** Samples of a model's passes. */
export interface PassSamples {
  body: CostSamples;
  head: CostSamples;
}

/** How a model runs, as far as costs depend on it. */
export interface CostPlace {
  /** Folder of the graphs. */
  folder: string;
  backend: string;
  threads: number;
}

/** A note. */
interface Note extends PassSamples {
  processor: string;
  /** When it was measured, in milliseconds since 1970. */
  measured: number;
}

/** Milliseconds for which a note is believed. */
const VALID_MS = 24 * 60 * 60 * 1000;

/** Returns the samples that were noted on this processor at most a day before `now`. */
export async function readCost(
  place: CostPlace,
  now: number,
): Promise<PassSamples | undefined> {
  try {
    const note: Note = JSON.parse(await Deno.readTextFile(pathOf(place)));
    const age = now - note.measured;
    const isValid = note.processor === processor() && age >= 0 &&
      age < VALID_MS && [note.body, note.head].every(areSamples);
    return isValid ? { body: note.body, head: note.head } : undefined;
  } catch {
    return undefined; // It is absent or damaged.
  }
}

/** Notes samples, unless the folder can't be written to. */
export async function writeCost(
  place: CostPlace,
  samples: PassSamples,
  now: number,
): Promise<void> {
  const note: Note = { ...samples, processor: processor(), measured: now };
  const path = pathOf(place);
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(temporary, JSON.stringify(note));
    await Deno.rename(temporary, path);
  } catch {
    // Images are read-only; the next start measures again.
  }
}

function areSamples(samples: CostSamples): boolean {
  return samples.length >= 2 &&
    samples.every((sample) =>
      sample.length === 2 && sample.every((x) => x > 0)
    );
}

function pathOf({ folder, backend, threads }: CostPlace): string {
  return `${folder}/cost-${backend}-${threads}.json`;
}

function processor(): string {
  return cpus()[0]?.model ?? "";
}
