/**
 * A model that replays recorded logits, with a clock that advances by the cost of each
 * pass, so that timings of drafting are exact on every machine.
 *
 * @module
 */

import type { Cost } from "../../../lib/bita/cost/cost_curve.ts";
import type { Model, Pass, Sequence } from "../../../lib/bita/decode/model.ts";
import type { Recording, TopLogits } from "./recording.ts";

/** The parts of a {@linkcode RecordedModel}. */
export interface RecordedOptions {
  recordings: readonly Recording[];
  vocab: number;
  /** `[draftVocab]` ids that the Hydra head can draft, if there is one. */
  draftVocab?: Int32Array | undefined;
  maxRows: number;
  cost: Cost;
  /** Milliseconds of a step of the Hydra head. */
  stepMs: number;
}

/** The logit of a token that was not recorded. */
const UNLIKELY = -1e9;

/** Replays recordings. */
export class RecordedModel implements Model {
  readonly vocab: number;
  readonly draftVocab?: Int32Array;
  readonly maxRows: number;
  readonly masks: number;
  readonly prompts = 0;
  readonly context: number;
  /** Milliseconds that all passes so far cost. */
  ms = 0;
  #options: RecordedOptions;
  /** The index in `draftVocab` of each id. */
  #places: Map<number, number>;

  constructor(options: RecordedOptions) {
    const { vocab, draftVocab, maxRows, recordings } = options;
    this.vocab = vocab;
    if (draftVocab) this.draftVocab = draftVocab;
    this.maxRows = maxRows;
    this.masks = recordings[0].steps[0].masks.length;
    this.context = Math.max(
      ...recordings.map(({ prompt, steps }) => prompt.length + steps.length),
    );
    this.#options = options;
    this.#places = new Map(draftVocab?.entries().map(([at, id]) => [id, at]));
  }

  /** @throws {RangeError} if the prompt was not recorded. */
  open(prompt: Int32Array): Sequence {
    const { recordings, cost, stepMs } = this.#options;
    const found = recordings.find((known) =>
      known.prompt.join() === prompt.join()
    );
    if (!found) {
      throw new RangeError(
        `Cannot replay a text: a recorded prompt is required: received one of ${prompt.length} tokens`,
      );
    }
    const { steps } = found;
    const text = [...found.prompt, ...steps.map(({ row }) => row.ids[0])];
    const stepAfter = (position: number) => steps[position - prompt.length + 1];
    let recorded: (TopLogits | undefined)[] = []; // for the rows of the last pass
    let positions: number[] = []; // of these rows; NaN outside the text
    let chain: TopLogits[] = [];
    return {
      forward: (pass) => {
        this.ms += cost.body(pass.tokens.length);
        positions = onText(pass, text);
        recorded = positions.map((position, row) => {
          const mask = -1 - pass.tokens[row];
          return mask < 0
            ? stepAfter(position)?.row
            : stepAfter(position - 1 - mask)?.masks[mask];
        });
        return Promise.resolve();
      },
      logits: (rows) => {
        this.ms += cost.head(rows.length);
        const out = new Float32Array(rows.length * this.vocab).fill(UNLIKELY);
        for (let i = 0; i < rows.length; i++) {
          const row = out.subarray(i * this.vocab, (i + 1) * this.vocab);
          put(row, recorded[rows[i]]);
        }
        return Promise.resolve(out);
      },
      follow: (token, row) => {
        this.ms += stepMs;
        if (row !== undefined) {
          const step = stepAfter(positions[row]);
          chain = step?.row.ids[0] === token ? [...step.chain] : [];
        }
        const out = new Float32Array(this.#places.size).fill(UNLIKELY);
        const guesses = chain.shift();
        const ids = guesses?.ids.map((id) => this.#places.get(id)!);
        put(out, guesses && { ...guesses, ids: ids! });
        return Promise.resolve(out);
      },
      close: () => {},
    };
  }
}

/** Returns the position of each row, `NaN` if its path leaves the recorded text. */
function onText(
  { tokens, positions, visible }: Pass,
  text: number[],
): number[] {
  const rows = tokens.length;
  const out: number[] = [];
  for (let row = 0; row < rows; row++) {
    const seen = visible.subarray(row * rows, row * rows + row);
    const isMask = tokens[row] < 0;
    const isOn = (isMask || tokens[row] === text[positions[row]]) &&
      seen.every((sees, other) => !sees || !Number.isNaN(out[other]));
    out.push(isOn ? positions[row] : NaN);
  }
  return out;
}

function put(logits: Float32Array, top: TopLogits | undefined): void {
  for (const [rank, id] of top?.ids.entries() ?? []) {
    logits[id] = top!.logits[rank];
  }
}
