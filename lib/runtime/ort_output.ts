/**
 * The output of a pass for one of its steps.
 *
 * @module
 */

import type { StepOutput } from "../bita/decode/model.ts";
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
    const { head, states, first } = this.#parts;
    return head.read(states, rows.map((row) => first + row), { sequences: 1 });
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
