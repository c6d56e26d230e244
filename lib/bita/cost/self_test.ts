/**
 * Tests whether decoding is exact on this host. The logits, keys and values of a natural
 * row must have the same bits in every pass. They must not depend on the width of the
 * pass, on the rows after it or on the other sequences.
 *
 * @module
 */

import type { KvSequence, Model, Sequence, Step } from "../decode/model.ts";
import { layOut } from "../tree/pass_layout.ts";
import { chain } from "../tree/tree.ts";
import { uniform } from "../choose/random.ts";

/** Rows of a prompt's part beside the steps of other sequences. */
const PROMPT_ROWS = 64;

/**
 * Rows at the beginning of the text. Attention kernels compute rows in blocks, and a
 * block of one row may have other bits: blocks of 8, 16 or 32 rows leave one here.
 */
const FIRST_ROWS = 33;

/** Slots that hold copies of the first keys and values, as the context of later rows. */
const CONTEXT = 10 * FIRST_ROWS;

/** Rows of passes with two natural rows and then wrong guesses and masks. */
const WIDTHS = [2, 8, 24];

/** Numbers of sequences in a pass. The tested one is first, in the middle or last. */
const BATCHES = [2, 3, 4, 8, 16];

/** A step of the tested sequence: part of its text, then wrong guesses and masks. */
interface Rows {
  position: number;
  natural: number;
  /** All rows of the step. @default natural */
  width?: number;
  /** Masks among the other rows, if there is room. @default 0 */
  masks?: number;
}

/** Logits, keys and values of two natural rows. */
interface Pair {
  position: number;
  /** `[2]` of `[vocab]` logits. */
  logits: Float32Array[];
  /** `[2]` of a slot's, or none if they can't be read. */
  kv: Float32Array[];
}

/** Compares the bits of natural rows with those of the same rows in a pass of two rows. */
export class SelfTest {
  readonly #model: Model;
  readonly #sequence: Sequence & Partial<KvSequence>;
  /** Sequences that share passes with the tested one. */
  readonly #others: Sequence[] = [];
  /** The last part of the text that was computed in one pass. */
  #part: Rows = { position: 0, natural: 0 };
  /** The last two rows of the text, as a pass of two rows computes them. */
  #last: Pair = { position: 0, logits: [], kv: [] };
  /** The most sequences in a pass so far. */
  #tested = 1;

  constructor(model: Model) {
    this.#model = model;
    this.#sequence = model.open(someTokens(model.shape.vocab, 1));
  }

  /** Frees the memory. */
  [Symbol.dispose](): void {
    for (const sequence of [this.#sequence, ...this.#others]) sequence.close();
  }

  /** Compares passes of one sequence; must be called first. */
  async isExactAlone(): Promise<boolean> {
    const { context, maxRows, maxSequences } = this.#model.shape;
    const widest = maxSequences > 1 ? Math.min(PROMPT_ROWS, maxRows) : maxRows;
    const first = Math.max(2, Math.min(FIRST_ROWS, maxRows, context));
    if (!await this.#isPartExact({ position: 0, natural: first })) return false;
    const position = await this.#fill(first, context - widest);
    const natural = Math.min(widest, context - position);
    if (natural >= 2 && !await this.#isPartExact({ position, natural })) {
      return false;
    }
    return await this.isExactDrafting(this.#model);
  }

  /** Compares passes with wrong guesses and masks after the text, and of a single row. */
  async isExactDrafting(model: Model): Promise<boolean> {
    const { position, logits, kv } = this.#last;
    for (const all of WIDTHS) {
      const width = Math.min(all, this.#model.shape.maxRows);
      const rows = { position, natural: 2, width, masks: model.shape.masks };
      if (!samePairs(await this.#pair(rows, model), this.#last)) return false;
    }
    const single = this.#step({ position, natural: 1 });
    const [found] = await compute(model, [single]);
    return sameRows(found, logits.slice(0, 1)) &&
      sameRows(await this.#readSlots(position, 1), kv.slice(0, 1));
  }

  /**
   * Compares passes of several sequences, up to the most that `model` allows. It is the
   * model that the test was made for, or the same one with larger passes; those that
   * were compared before are not compared again.
   */
  async isExactTogether(model: Model): Promise<boolean> {
    const { maxRows, maxSequences } = model.shape;
    const beside = maxRows - this.#part.natural;
    if (this.#tested === 1 && maxSequences > 1 && beside > 0) {
      const pair = await this.#pair({ ...this.#part, beside }, model);
      if (!samePairs(pair, this.#last)) return false;
    }
    for (const [i, size] of BATCHES.entries()) {
      if (size <= this.#tested || size > maxSequences) continue;
      if (!await this.#isExactBeside(size - 1, { variant: i, model })) {
        return false;
      }
    }
    this.#tested = maxSequences;
    return true;
  }

  /** Computes a part of the text in one pass; compares its last two rows. */
  async #isPartExact(part: Rows): Promise<boolean> {
    const wide = await this.#pair(part);
    const position = part.position + part.natural - 2;
    this.#part = part;
    this.#last = await this.#pair({ position, natural: 2 });
    return samePairs(wide, this.#last);
  }

  /**
   * Repeats the first keys and values up to position `end` or {@linkcode CONTEXT};
   * returns the position after them.
   */
  async #fill(first: number, end: number): Promise<number> {
    const from = this.#model.shape.softPrompt;
    const kv = await this.#sequence.readKv?.(first, { from });
    let position = first;
    while (kv && position + first <= Math.min(CONTEXT, end)) {
      this.#sequence.writeKv?.(first, kv, { from: from + position });
      position += first;
    }
    return position;
  }

  /** Compares the last rows of the text, now with other sequences in the pass. */
  async #isExactBeside(
    others: number,
    { variant, model }: { variant: number; model: Model },
  ): Promise<boolean> {
    const { position, logits } = this.#last;
    const natural = 1 + variant % 2;
    const width = natural + variant % 3;
    const steps = Array.from(
      { length: others },
      (_, other) => this.#otherStep(other, 1 + other % 2),
    );
    const place = [0, (others + 1) >> 1, others][variant % 3];
    steps.splice(place, 0, this.#step({ position, natural, width }));
    const found = (await compute(model, steps))[place];
    return sameRows(found, logits.slice(0, natural));
  }

  /** Computes rows, with `beside` rows of another sequence, and returns the last two. */
  async #pair(
    { beside = 0, ...rows }: Rows & { beside?: number },
    model = this.#model,
  ): Promise<Pair> {
    const others = beside > 0 ? [this.#otherStep(0, beside)] : [];
    const [logits] = await compute(model, [this.#step(rows), ...others]);
    const position = rows.position + rows.natural - 2;
    return { position, logits, kv: await this.#readSlots(position, 2) };
  }

  /** Reads the keys and values of positions of the text, if that can be done. */
  async #readSlots(position: number, count: number): Promise<Float32Array[]> {
    const slots: Float32Array[] = [];
    for (let slot = position; slot < position + count; slot++) {
      const from = this.#model.shape.softPrompt + slot;
      const kv = await this.#sequence.readKv?.(1, { from });
      if (kv) slots.push(kv);
    }
    return slots;
  }

  #step({ position, natural, width = natural, masks = 0 }: Rows): Step {
    const { softPrompt, vocab } = this.#model.shape;
    const sequence = this.#sequence;
    sequence.length = softPrompt + position;
    const maskCount = Math.min(masks, (width - natural) >> 1);
    const nodes = width - maskCount;
    const parents = new Int32Array(nodes); // Other nodes are children of the root.
    parents.set(chain(natural - 1));
    const all = someTokens(vocab, nodes);
    all.set(someTokens(vocab, position + natural).subarray(position));
    const counts = new Int32Array(nodes);
    counts[0] = maskCount;
    return {
      sequence,
      start: sequence.length,
      ...layOut({ parents, tokens: all, masks: counts }),
      read: natural > 1 ? [natural - 2, natural - 1] : [0],
    };
  }

  /** Returns a step of another sequence, which opens with it. */
  #otherStep(other: number, rows: number): Step {
    const { softPrompt, vocab } = this.#model.shape;
    const tokens = someTokens(vocab, other + rows).subarray(other);
    const sequence = this.#others[other] ??= this.#model.open(tokens);
    const parents = chain(rows - 1);
    return { sequence, start: softPrompt, tokens, parents, read: [] };
  }
}

/** Runs a pass and returns copies of the logits that its steps read. */
async function compute(
  model: Model,
  steps: readonly Step[],
): Promise<Float32Array[][]> {
  const outputs = await model.run(steps);
  const logits = outputs.map(({ logits }) => logits.map((row) => row.slice()));
  for (const output of outputs) output.release();
  return logits;
}

/** Returns arbitrary tokens, always the same ones. */
function someTokens(vocab: number, length: number): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(0, i) * vocab),
  );
}

function samePairs(a: Pair, b: Pair): boolean {
  return sameRows(a.logits, b.logits) && sameRows(a.kv, b.kv);
}

function sameRows(a: Float32Array[], b: Float32Array[]): boolean {
  return a.every((row, i) => sameBits(row, b[i]));
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const x = new Int32Array(a.buffer, a.byteOffset, a.length);
  const y = new Int32Array(b.buffer, b.byteOffset, b.length);
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
