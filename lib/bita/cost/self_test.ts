/**
 * Whether decoding is exact on this host: a natural row must give the same bits
 * however wide its pass is and whatever rows follow it.
 *
 * @module
 */

import { chain, type DraftTree } from "../tree/tree.ts";
import type { Model, Sequence } from "../decode/model.ts";
import { layOut } from "../tree/pass_layout.ts";
import { prefill } from "../decode/prefill.ts";
import { uniform } from "../choose/random.ts";

/** How to look. */
export interface SelfTestOptions {
  /** Rows of the passes to compare, each from 2 to the model's most. */
  widths: readonly number[];
  /** The text before them; a few arbitrary tokens unless given. */
  prompt?: Int32Array;
}

/**
 * Compares natural rows, to the bit, across passes of several widths.
 *
 * Two passes a width: one that is natural in its first half and junk in the other
 * must give the logits that all widths before gave, and its last two natural rows
 * must give theirs again in a pass of their own.
 *
 * @throws {RangeError} if a width is outside 2 to `maxRows`, or if the prompt and
 * half the largest width exceed the context.
 */
export async function isWidthInvariant(
  model: Model,
  { widths, prompt = someTokens(model.vocab, 8) }: SelfTestOptions,
): Promise<boolean> {
  checkWidths(model, widths);
  const position = prompt.length - 1;
  const natural = widths.map((width) => Math.max(2, width >> 1));
  const most = Math.max(...natural);
  if (position + most > model.context) {
    throw new RangeError(
      `Cannot test pass widths: a context of ${
        position + most
      } tokens is required: received ${model.context}`,
    );
  }
  const text = someTokens(model.vocab, most);
  text[0] = prompt[position];

  const sequence = model.open(prompt);
  try {
    const start = await prefill(sequence, prompt, { model });
    const seen: Float32Array[] = [];
    for (const [i, width] of widths.entries()) {
      const count = natural[i];
      const tree = junkTree(text.subarray(0, count), { width, model });
      const wide = await naturalLogits(sequence, tree, { start, position });
      const first = count - 2;
      const pair = junkTree(text.subarray(first, count), { width: 2, model });
      const narrow = await naturalLogits(sequence, pair, {
        start: start + first,
        position: position + first,
      });
      wide.forEach((logits, row) => seen[row] ??= logits);
      const same = wide.every((logits, row) => sameBits(logits, seen[row])) &&
        narrow.every((logits, row) => sameBits(logits, seen[first + row]));
      if (!same) return false;
    }
    return true;
  } finally {
    sequence.close();
  }
}

function checkWidths({ maxRows }: Model, widths: readonly number[]): void {
  for (const width of widths) {
    if (width >= 2 && width <= maxRows) continue;
    throw new RangeError(
      `Cannot test pass widths: 2 to ${maxRows} rows are required: received ${width}`,
    );
  }
}

/** Hangs masks and wrong guesses on a chain of `tokens`, up to `width` rows. */
function junkTree(
  tokens: Int32Array,
  { width, model }: { width: number; model: Model },
): DraftTree {
  const masks = Math.min(model.masks, (width - tokens.length) >> 1);
  const nodes = width - masks;
  const parents = new Int32Array(nodes); // guesses hang under the root
  parents.set(chain(tokens.length - 1));
  const all = someTokens(model.vocab, nodes);
  all.set(tokens);
  const counts = new Int32Array(nodes);
  counts[0] = masks;
  return { parents, tokens: all, masks: counts };
}

/** Runs a pass; copies the logits of its natural rows. */
async function naturalLogits(
  sequence: Sequence,
  tree: DraftTree,
  place: { start: number; position: number },
): Promise<Float32Array[]> {
  const { pass, naturalRows } = layOut(tree, place);
  await sequence.forward(pass);
  const rows = Array.from({ length: naturalRows }, (_, row) => row);
  const logits = await sequence.logits(rows);
  const vocab = logits.length / naturalRows;
  return rows.map((row) => logits.slice(row * vocab, (row + 1) * vocab));
}

/** Picks arbitrary tokens, the same ones each time. */
function someTokens(vocab: number, length: number): Int32Array {
  return Int32Array.from(
    { length },
    (_, i) => Math.floor(uniform(0, i) * vocab),
  );
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  const x = new Int32Array(a.buffer, a.byteOffset, a.length);
  const y = new Int32Array(b.buffer, b.byteOffset, b.length);
  return x.every((bits, i) => bits === y[i]);
}
