/**
 * A model that replays recorded logits, with a clock that advances by the cost of each
 * pass, so that timings of drafting are exact on every machine.
 *
 * @module
 */

import type { Cost } from "../../../lib/bita/cost/cost_curve.ts";
import type {
  Model,
  ModelShape,
  Sequence,
  Step,
  StepOutput,
} from "../../../lib/bita/decode/model.ts";
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
  readonly shape: ModelShape;
  /** Milliseconds that all passes so far cost. */
  ms = 0;
  #options: RecordedOptions;
  /** The index in `draftVocab` of each id. */
  #places: Map<number, number>;

  constructor(options: RecordedOptions) {
    const { vocab, draftVocab, maxRows, recordings } = options;
    this.shape = {
      vocab,
      masks: recordings[0].steps[0].masks.length,
      softPrompt: 0,
      maxRows,
      maxSequences: 1,
      context: Math.max(
        ...recordings.map(({ prompt, steps }) => prompt.length + steps.length),
      ),
      ...draftVocab && { draftVocab },
    };
    this.#options = options;
    this.#places = new Map(draftVocab?.entries().map(([at, id]) => [id, at]));
  }

  /** @throws {RangeError} if the prompt was not recorded. */
  open(prompt: Int32Array): RecordedSequence {
    const found = this.#options.recordings.find((known) =>
      known.prompt.join() === prompt.join()
    );
    if (!found) {
      throw new RangeError(
        `Cannot replay a text: a recorded prompt is required: received one of ${prompt.length} tokens`,
      );
    }
    const { steps } = found;
    return {
      length: 0,
      text: [...found.prompt, ...steps.map(({ row }) => row.ids[0])],
      stepAfter: (position) => steps[position - prompt.length + 1],
      close() {},
    };
  }

  run(steps: readonly Step[]): Promise<StepOutput[]> {
    return Promise.resolve(steps.map((step) => this.#output(step)));
  }

  #output(step: Step): StepOutput {
    const { stepMs, cost } = this.#options;
    const { text, stepAfter } = step.sequence as RecordedSequence;
    this.ms += cost.body(step.tokens.length);
    const positions = onText(step, text);
    const recorded = positions.map((position, row) => {
      const mask = -1 - step.tokens[row];
      return mask < 0
        ? stepAfter(position)?.row
        : stepAfter(position - 1 - mask)?.masks[mask];
    });
    const read = (rows: readonly number[]) => {
      if (rows.length > 0) this.ms += cost.head(rows.length);
      return rows.map((row) => logitsOf(recorded[row], this.shape.vocab));
    };
    let chain: TopLogits[] = [];
    return {
      logits: read(step.read),
      read: (rows) => Promise.resolve(read(rows)),
      draft: (token, row) => {
        this.ms += stepMs;
        if (row !== undefined) {
          const next = stepAfter(positions[row]);
          chain = next?.row.ids[0] === token ? [...next.chain] : [];
        }
        const guesses = chain.shift();
        const ids = guesses?.ids.map((id) => this.#places.get(id)!);
        const top = guesses && { ...guesses, ids: ids! };
        return Promise.resolve(logitsOf(top, this.#places.size));
      },
      release() {},
    };
  }
}

/** A recorded text. */
interface RecordedSequence extends Sequence {
  text: number[];
  /** Returns what was recorded after the token at a position. */
  stepAfter(position: number): Recording["steps"][number] | undefined;
}

/** Returns the position of each row, `NaN` if its path leaves the recorded text. */
function onText(
  { start, tokens, parents }: Step,
  text: number[],
): number[] {
  const out: number[] = [];
  for (const [row, parent] of parents.entries()) {
    const position = parent < 0 ? start : out[parent] + 1;
    const isOn = tokens[row] < 0 || tokens[row] === text[position];
    out.push(isOn ? position : NaN);
  }
  return out;
}

function logitsOf(top: TopLogits | undefined, size: number): Float32Array {
  const logits = new Float32Array(size).fill(UNLIKELY);
  for (const [rank, id] of top?.ids.entries() ?? []) {
    logits[id] = top!.logits[rank];
  }
  return logits;
}
