/**
 * The outputs of a pass, one for each of its steps.
 *
 * @module
 */

import type { Step, StepOutput } from "../bita/decode/model.ts";
import type { Head } from "./head.ts";
import { type HydraParts, HydraState } from "./hydra_state.ts";
import type { PassStates } from "./pass_states.ts";

/** What an output reads from. */
export interface OrtOutputParts {
  states: PassStates;
  /** The step's first row among those of the pass. */
  first: number;
  logits: readonly Float32Array[];
  head: Head;
  /** The fewest rows that the head computes. */
  leastRead: number;
  /** Returns the Hydra head, which may come after the pass. */
  hydra: () => HydraParts | undefined;
}

/** A step's rows within the states of its pass. */
export class OrtOutput implements StepOutput {
  readonly logits: readonly Float32Array[];
  readonly #parts: OrtOutputParts;
  #state: HydraState | undefined;
  #released = false;

  constructor(parts: OrtOutputParts) {
    this.#parts = parts;
    this.logits = parts.logits;
  }

  read(rows: readonly number[]): Promise<Float32Array[]> {
    const { head, states, first, leastRead: least } = this.#parts;
    return head.read(states, rows.map((row) => first + row), {
      least,
      sequences: 1,
    });
  }

  states(rows: readonly number[]): Promise<Float32Array[]> {
    const { head, states, first } = this.#parts;
    return head.states(states, rows.map((row) => first + row));
  }

  draft(token: number, row?: number): Promise<Float32Array> {
    const { hydra, states: { tensors }, first } = this.#parts;
    this.#state ??= new HydraState(hydra()!);
    if (row === undefined) return this.#state.follow(token);
    const { hidden, inputs } = tensors;
    return this.#state.follow(token, {
      states: hidden!,
      inputs,
      row: first + row,
    });
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#state?.close();
    this.#parts.states.release();
  }
}

/** Reads the rows of all steps of a pass at once, and deals the logits out. */
export async function readOutputs(
  steps: readonly Step[],
  { firstRows, ...parts }: Omit<OrtOutputParts, "first" | "logits"> & {
    /** The first row of each step. */
    firstRows: ReadonlyMap<Step, number>;
  },
): Promise<OrtOutput[]> {
  const reading = steps.filter(({ read }) => read.length > 0);
  const logits = await parts.head.read(
    parts.states,
    steps.flatMap((step) => step.read.map((row) => firstRows.get(step)! + row)),
    {
      least: parts.leastRead,
      sequences: reading.length,
      best: reading.every(({ best }) => best),
    },
  );
  let read = 0;
  return steps.map((step) =>
    new OrtOutput({
      ...parts,
      first: firstRows.get(step)!,
      logits: logits.slice(read, read += step.read.length),
    })
  );
}
