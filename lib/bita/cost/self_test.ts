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

/** Options of {@linkcode isInvariant}. */
export interface SelfTestOptions {
  /** Rows of a prefill pass. @default 64 */
  prefillRows?: number;
}

/** Rows of passes with two natural rows and then wrong guesses and masks. */
const WIDTHS = [8, 24];

/** Numbers of sequences in a pass. The tested one is first, in the middle or last. */
const BATCHES = [2, 3, 4, 8, 16];

/**
 * Compares the bits of natural rows with those of the same rows in a pass of two rows.
 *
 * Uses narrower passes where the context is too short for the widest ones.
 */
export async function isInvariant(
  model: Model,
  { prefillRows = 64 }: SelfTestOptions = {},
): Promise<boolean> {
  const test = new SelfTest(model);
  try {
    return await test.arePartsExact(
      Math.min(prefillRows, model.shape.maxRows),
    ) &&
      await test.isExactBeforeJunk(WIDTHS) &&
      await test.isExactInBatches(BATCHES);
  } finally {
    test.close();
  }
}

/** A step of the tested sequence: part of its text, then wrong guesses and masks. */
interface Rows {
  position: number;
  natural: number;
  /** All rows of the step. @default natural */
  width?: number;
  /** Whether masks are among the other rows. @default false */
  masks?: boolean;
}

/** Logits, keys and values of two natural rows. */
interface Pair {
  position: number;
  /** `[2]` of `[vocab]` logits. */
  logits: Float32Array[];
  kv: Float32Array | undefined;
}

class SelfTest {
  readonly #model: Model;
  readonly #sequence: Sequence & Partial<KvSequence>;
  /** Sequences that share passes with the tested one. */
  readonly #others: Sequence[] = [];
  #text: Int32Array = new Int32Array(0);
  /** The last two rows of the text, as a pass of two rows computes them. */
  #last: Pair = { position: 0, logits: [], kv: undefined };

  constructor(model: Model) {
    this.#model = model;
    this.#sequence = model.open(someTokens(model.shape.vocab, 1));
  }

  close(): void {
    for (const sequence of [this.#sequence, ...this.#others]) sequence.close();
  }

  /**
   * Reads a text in two parts, the second one in the widest possible pass. Compares the
   * last two rows of each part with a pass of two rows.
   */
  async arePartsExact(rows: number): Promise<boolean> {
    const { vocab, context, maxRows, maxSequences } = this.#model.shape;
    const widest = maxSequences > 1
      ? { natural: rows, beside: maxRows - rows }
      : { natural: maxRows };
    const all = Math.max(2, Math.min(rows + widest.natural, context));
    this.#text = someTokens(vocab, all);
    let position = 0;
    for (const part of [{ natural: rows }, widest]) {
      const natural = Math.min(part.natural, all - position);
      if (natural < 2) break;
      const wide = await this.#pair({ ...part, position, natural });
      position += natural;
      this.#last = await this.#pair({ position: position - 2, natural: 2 });
      if (!samePairs(wide, this.#last)) return false;
    }
    return true;
  }

  /** Compares the last two rows of the text, now with masks and wrong guesses after them. */
  async isExactBeforeJunk(widths: readonly number[]): Promise<boolean> {
    const { position } = this.#last;
    for (const all of widths) {
      const width = Math.min(all, this.#model.shape.maxRows);
      const rows = { position, natural: 2, width, masks: true };
      if (!samePairs(await this.#pair(rows), this.#last)) return false;
    }
    return true;
  }

  /** Compares the last rows of the text, now with other sequences in the pass. */
  async isExactInBatches(batches: readonly number[]): Promise<boolean> {
    const { maxSequences } = this.#model.shape;
    const { position, logits } = this.#last;
    for (const [i, size] of batches.entries()) {
      if (size > maxSequences) continue;
      const natural = 1 + i % 2;
      const own = this.#step({ position, natural, width: natural + i % 3 });
      const steps = Array.from(
        { length: size - 1 },
        (_, other) => this.#otherStep(other, 1 + other % 2),
      );
      const place = [0, size >> 1, size - 1][i % 3];
      steps.splice(place, 0, own);
      const found = (await this.#compute(steps))[place];
      if (!sameRows(found, logits.slice(0, natural))) return false;
    }
    return true;
  }

  /** Computes rows, with `beside` rows of another sequence, and returns the last two. */
  async #pair(
    { beside = 0, ...rows }: Rows & { beside?: number },
  ): Promise<Pair> {
    const others = beside > 0 ? [this.#otherStep(0, beside)] : [];
    const [logits] = await this.#compute([this.#step(rows), ...others]);
    const position = rows.position + rows.natural - 2;
    const from = this.#model.shape.softPrompt + position;
    const kv = await this.#sequence.readKv?.(2, { from });
    return { position, logits, kv };
  }

  #step({ position, natural, width = natural, masks = false }: Rows): Step {
    const { softPrompt, vocab } = this.#model.shape;
    const sequence = this.#sequence;
    sequence.length = softPrompt + position;
    const most = masks ? this.#model.shape.masks : 0;
    const maskCount = Math.min(most, (width - natural) >> 1);
    const nodes = width - maskCount;
    const parents = new Int32Array(nodes); // Other nodes are children of the root.
    parents.set(chain(natural - 1));
    const all = someTokens(vocab, nodes);
    all.set(this.#text.subarray(position, position + natural));
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
    this.#others[other] ??= this.#model.open(tokens);
    const sequence = this.#others[other];
    const parents = chain(rows - 1);
    return { sequence, start: softPrompt, tokens, parents, read: [] };
  }

  /** Runs a pass and returns copies of the logits that its steps read. */
  async #compute(steps: readonly Step[]): Promise<Float32Array[][]> {
    const outputs = await this.#model.run(steps);
    const logits = outputs.map((output) =>
      output.logits.map((row) => row.slice())
    );
    for (const output of outputs) output.release();
    return logits;
  }
}

/** Returns arbitrary tokens, always the same ones. */
function someTokens(vocab: number, length: number): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(0, i) * vocab),
  );
}

function samePairs(a: Pair, b: Pair): boolean {
  return sameRows(a.logits, b.logits) &&
    (!a.kv || !b.kv || sameBits(a.kv, b.kv));
}

function sameRows(a: Float32Array[], b: Float32Array[]): boolean {
  return a.every((row, i) => sameBits(row, b[i]));
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const x = new Int32Array(a.buffer, a.byteOffset, a.length);
  const y = new Int32Array(b.buffer, b.byteOffset, b.length);
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
