/**
 * The inputs of a body's run: the rows of its steps, and what they attend to.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { KvBuffer, NamedTensors } from "../backend.ts";
import type { OrtSequence, OrtStep } from "../ort_sequence.ts";
import { attentionBias, foldBias, windowBias } from "./attention_bias.ts";
import {
  headLists,
  type Heads,
  type LaneRows,
  rowLists,
} from "./lane_lists.ts";
import type { SlotAngles } from "./rotary.ts";

/** Steps that a body computes in one run. */
export interface BodySteps {
  steps: readonly OrtStep[];
  /** Sequences that the body is for. */
  lanes: number;
  /** Rows of the run, padding included. */
  rows: number;
  /** Whether the body has a gate for masks. */
  gated: boolean;
  /** Whether query heads that share keys are rows of attention. */
  folded: boolean;
}

/** What the inputs depend on beside the steps. */
export interface BodyInputsOptions extends Heads {
  dim: number;
  /** Tokens of the soft prompt, which masks alone see. */
  softPrompt: number;
  /** The fewest rows of a sequence's attention. */
  minRows: number;
  /** Returns the sequence of lanes without a step. */
  idle(): OrtSequence;
}

/** Returns the inputs, and the KV buffer of each lane, with room for the step. */
export function bodyInputs(
  { steps, lanes, rows, gated, folded }: BodySteps,
  { dim, softPrompt, minRows, idle, heads, kvHeads }: BodyInputsOptions,
): { feeds: NamedTensors; kv: KvBuffer[] } {
  const embeddings = new Float32Array(rows * dim);
  const feeds: NamedTensors = {
    embeddings: new Tensor("float32", embeddings, [1, rows, dim]),
  };
  const copies = folded ? heads / kvHeads : 1;
  const fewest = Math.ceil(minRows / copies);
  const kv: KvBuffer[] = [];
  const taken: LaneRows[] = [];
  const suffixOf = (lane: number) => lanes > 1 ? `.${lane}` : "";
  const attend = (step: OrtStep, lane: LaneRows) => {
    const suffix = suffixOf(kv.length);
    const how = { width: lane.width, softPrompt, suffix, copies };
    Object.assign(feeds, attentionInputs(step, how));
    kv.push(step.sequence.kv);
    taken.push(lane);
  };
  let first = 0;
  for (const step of steps) {
    const { tokens, sequence } = step;
    sequence.embed(tokens, embeddings.subarray(first * dim));
    const count = tokens.length;
    const least = Math.max(count, fewest);
    const width = leavesOne(copies * least) ? least + 1 : least;
    attend(step, { first, count, width });
    first += tokens.length;
  }
  while (kv.length < lanes) {
    const lane = { first: 0, count: 0, width: fewest };
    attend(idleStep(idle(), softPrompt), lane);
  }
  if (lanes > 1 || folded) {
    const lists = folded
      ? headLists(taken, { rows, heads, kvHeads })
      : rowLists(taken, { rows });
    for (const [lane, list] of lists.taken.entries()) {
      feeds[`rows${suffixOf(lane)}`] = list;
    }
    feeds.order = lists.order;
  }
  if (gated) feeds.gate = maskGate(steps[0].tokens, rows);
  return { feeds, kv };
}

/** Rows that native kernels multiply at once. */
const ROWS_AT_ONCE = 128;

/** Returns whether a single row would be left, which has a kernel with other bits. */
function leavesOne(rows: number): boolean {
  return rows > ROWS_AT_ONCE && rows % ROWS_AT_ONCE === 1;
}

/** How a body's attention takes a step. */
interface AttentionOptions {
  /** Rows of the step and of padding after them. */
  width: number;
  softPrompt: number;
  /** Of the inputs' names. */
  suffix: string;
  /** Rows of attention that a row becomes. */
  copies: number;
}

/** Returns the inputs of a step's attention: what its rows see, and their angles. */
function attentionInputs(
  step: OrtStep,
  { width, softPrompt, suffix, copies }: AttentionOptions,
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

/** Returns a step whose output is not used. */
function idleStep(sequence: OrtSequence, softPrompt: number): OrtStep {
  return {
    sequence,
    start: softPrompt,
    tokens: new Int32Array(1),
    parents: Int32Array.of(-1),
    read: [],
  };
}

/** Returns 1 for mask rows and 0 for all others, `[1, rows, 1]`. */
function maskGate(tokens: Int32Array, rows: number): Tensor {
  const gate = new Float32Array(rows);
  for (const [row, token] of tokens.entries()) gate[row] = token < 0 ? 1 : 0;
  return new Tensor("float32", gate, [1, rows, 1]);
}

function int32(number: number, dims: number[]): Tensor {
  return new Tensor("int32", Int32Array.of(number), dims);
}
