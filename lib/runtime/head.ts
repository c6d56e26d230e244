/**
 * Turns hidden rows into logits.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Backend, Session } from "./backend.ts";
import type { PassStates } from "./pass_states.ts";
import type { Turns } from "./turns.ts";

/** What a head is run with. */
export interface HeadParts {
  backend: Backend;
  head: Session;
  turns: Turns;
  vocab: number;
}

/** The head of a model. */
export class Head {
  readonly #parts: HeadParts;

  constructor(parts: HeadParts) {
    this.#parts = parts;
  }

  /** Reads the hidden states of rows of a pass, `[dim]` each. */
  async states(
    { tensors: { hidden } }: PassStates,
    rows: readonly number[],
  ): Promise<Float32Array[]> {
    const dim = hidden!.dims.at(-1)!;
    const all = await this.#parts.backend.download(hidden!);
    return rows.map((row) => all.slice(row * dim, (row + 1) * dim));
  }

  /**
   * Computes the logits of rows of a pass, `[vocab]` each.
   *
   * @param options.least the fewest rows to compute; the first of the pass fills up.
   * @param options.best whether the largest of each row is enough.
   */
  async read(
    states: PassStates,
    rows: readonly number[],
    { least, sequences, best = false }: {
      least: number;
      sequences: number;
      best?: boolean;
    },
  ): Promise<Float32Array[]> {
    if (rows.length === 0) return [];
    const { backend, head, turns, vocab } = this.#parts;
    const chosen = new BigInt64Array(Math.max(rows.length, least));
    for (const [i, row] of rows.entries()) chosen[i] = BigInt(row);
    const work = { part: "head", rows: rows.length, sequences } as const;
    return await turns.take(work, async () => {
      const { logits } = await head.run({
        hidden: states.tensors.hidden!,
        chosen: new Tensor("int64", chosen, [chosen.length]),
      }, { logits: states.lend([1, chosen.length, vocab]) });
      const found = best && await backend.best?.(logits, rows.length);
      if (found) {
        return found.map(({ id, logit }) => {
          const row = new Float32Array(vocab).fill(-Infinity);
          row[id] = logit;
          return row;
        });
      }
      const all = await backend.download(logits);
      return rows.map((_, i) => all.subarray(i * vocab, (i + 1) * vocab));
    });
  }
}
