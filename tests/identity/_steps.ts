/**
 * Steps at random: natural rows of a known text, and junk after them.
 *
 * @module
 */

import { assert } from "@std/assert";
import { uniform } from "../../lib/bita/choose/random.ts";
import { layOut } from "../../lib/bita/tree/pass_layout.ts";
import { chain } from "../../lib/bita/tree/tree.ts";
import type { OrtModel } from "../../lib/runtime/ort_model.ts";
import type { OrtSequence, OrtStep } from "../../lib/runtime/ort_sequence.ts";

/** Draws whole numbers below a limit, the same ones each time. */
export class Draws {
  #seed: number;
  #drawn = 0;
  constructor(seed: number) {
    this.#seed = seed;
  }
  below(limit: number): number {
    return Math.floor(uniform(this.#seed, this.#drawn++) * limit);
  }
}

/** Draws a step: 1 to 8 natural rows, or a part of a prompt, and junk. */
export function stepOf(
  { shape }: OrtModel,
  { text: { tokens: known }, sequence }: {
    text: { tokens: Int32Array };
    sequence: OrtSequence;
  },
  { draws, room }: { draws: Draws; room: number },
): { step: OrtStep; natural: number } | undefined {
  const position = sequence.length - shape.softPrompt;
  const most = Math.min(
    room,
    known.length - position,
    draws.below(14) === 0 ? 64 : 8,
  );
  if (most < 1) return undefined;
  const natural = 1 + draws.below(most);
  const spare = Math.min(room - natural, draws.below(2) === 0 ? 0 : 6);
  const siblings = draws.below(spare + 1);
  const masks = draws.below(3) === 0 && spare - siblings >= 3 ? 3 : 0;
  const parents = [...chain(natural - 1)];
  const tokens = [...known.subarray(position, position + natural)];
  for (let i = 0; i < siblings; i++) {
    parents.push(draws.below(parents.length));
    tokens.push(draws.below(shape.vocab));
  }
  const counts = new Int32Array(tokens.length);
  counts[draws.below(counts.length)] = masks;
  const { nodeRows: _nodes, maskRows: _masks, naturalRows, ...rows } = layOut({
    parents: Int32Array.from(parents),
    tokens: Int32Array.from(tokens),
    masks: counts,
  });
  assert(naturalRows >= natural);
  const read = Array.from({ length: natural }, (_, row) => row);
  return {
    step: { sequence, start: sequence.length, ...rows, read },
    natural,
  };
}
