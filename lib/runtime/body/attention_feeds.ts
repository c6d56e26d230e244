/**
 * The inputs of a step's attention: what its rows see, and their angles.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { NamedTensors } from "../backend.ts";
import type { OrtStep } from "../ort_sequence.ts";
import { attentionBias, foldBias, windowBias } from "./attention_bias.ts";
import type { SlotAngles } from "./rotary.ts";

/** How a body's attention takes a step. */
export interface FeedOptions {
  /** Rows of the step and of padding after them. */
  width: number;
  /** Tokens of the soft prompt, which masks alone see. */
  softPrompt: number;
  /** Of the inputs' names. */
  suffix: string;
  /** Rows that a row becomes in a folded body, 1 in any other. */
  copies: number;
}

/** Returns the inputs; the sequence has room for the slots that the body writes. */
export function attentionFeeds(
  step: OrtStep,
  { width, softPrompt, suffix, copies }: FeedOptions,
): NamedTensors {
  const { start, sequence } = step;
  const rows = copies * width;
  const total = start + rows;
  sequence.kv.reserve(total);
  const places = positions(step, softPrompt);
  const repeated = copies > 1 ? repeat(places, { width, copies }) : places;
  const feeds: NamedTensors = {};
  const see = (
    prefix: string,
    angles: SlotAngles,
    bias: Float32Array<ArrayBuffer>,
  ) => {
    const { cos, sin } = angles.at({ start, total, positions: repeated });
    feeds[`${prefix}cos${suffix}`] = cos;
    feeds[`${prefix}sin${suffix}`] = sin;
    const all = copies > 1 ? foldBias(bias, { start, width, copies }) : bias;
    const dims = [1, 1, rows, total];
    feeds[`${prefix}bias${suffix}`] = new Tensor("float32", all, dims);
  };
  const bias = attentionBias(step, { rows: width, softPrompt });
  see("", sequence.angles, bias);
  if (sequence.window) {
    const { angles, size } = sequence.window;
    const row = { start, rows: width, positions: places, softPrompt, size };
    see("window_", angles, windowBias(bias, row));
  }
  feeds[`seqlens_k${suffix}`] = int32(total - 1, [1]);
  feeds[`total${suffix}`] = int32(total, []);
  return feeds;
}

/** Returns the positions of a step's rows in the text. */
function positions(
  { start, parents }: OrtStep,
  softPrompt: number,
): Int32Array {
  const positions = new Int32Array(parents.length);
  for (const [row, parent] of parents.entries()) {
    positions[row] = parent < 0 ? start - softPrompt : positions[parent] + 1;
  }
  return positions;
}

/** Repeats positions, with those of padding, for each copy of the rows. */
function repeat(
  positions: Int32Array,
  { width, copies }: { width: number; copies: number },
): Int32Array {
  const all = new Int32Array(copies * width);
  for (let copy = 0; copy < copies; copy++) all.set(positions, copy * width);
  return all;
}

function int32(number: number, dims: number[]): Tensor {
  return new Tensor("int32", Int32Array.of(number), dims);
}
