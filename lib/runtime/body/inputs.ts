/**
 * The inputs of a body's run: the rows of its steps, and what they attend to.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { KvBuffer, NamedTensors } from "../backend.ts";
import type { OrtSequence, OrtStep } from "../ort_sequence.ts";
import { attentionBias, foldBias, windowBias } from "./attention_bias.ts";
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
  /** Rows of attention that a row becomes; more than 1 in a folded body. */
  copies: number;
}

/** What the inputs depend on beside the steps. */
export interface BodyInputsOptions {
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
  { steps, lanes, rows, gated, copies }: BodySteps,
  { dim, softPrompt, minRows, idle }: BodyInputsOptions,
): { feeds: NamedTensors; kv: KvBuffer[] } {
  const embeddings = new Float32Array(rows * dim);
  const feeds: NamedTensors = {
    embeddings: new Tensor("float32", embeddings, [1, rows, dim]),
  };
  const kv: KvBuffer[] = [];
  const order: number[] = [];
  let first = 0, attended = 0;
  for (const [lane, step] of steps.entries()) {
    const { tokens, sequence } = step;
    const suffix = lanes > 1 ? `.${lane}` : "";
    const width = Math.max(tokens.length, minRows);
    sequence.embed(tokens, embeddings.subarray(first * dim));
    const how = { width, softPrompt, suffix, copies };
    Object.assign(feeds, attentionInputs(step, how));
    kv.push(sequence.kv);
    if (lanes > 1) {
      feeds[`rows${suffix}`] = rowList(
        Array.from(
          { length: width },
          (_, row) => first + Math.min(row, tokens.length - 1),
        ),
      );
    }
    for (let row = 0; row < tokens.length; row++) order.push(attended + row);
    first += tokens.length;
    attended += width;
  }
  for (let lane = steps.length; lane < lanes; lane++) {
    const suffix = `.${lane}`;
    const step = idleStep(idle(), softPrompt);
    const how = { width: minRows, softPrompt, suffix, copies: 1 };
    Object.assign(feeds, attentionInputs(step, how));
    feeds[`rows${suffix}`] = rowList(new Array(minRows).fill(0));
    kv.push(step.sequence.kv);
  }
  while (order.length < rows) order.push(0); // padding, which is not read
  if (lanes > 1) feeds.order = rowList(order);
  if (gated) feeds.gate = maskGate(steps[0].tokens, rows);
  return { feeds, kv };
}

/** How a body's attention takes a step. */
interface AttentionOptions {
  /** Rows of the step and of padding after them. */
  width: number;
  softPrompt: number;
  /** Of the inputs' names. */
  suffix: string;
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

function rowList(rows: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(rows, BigInt), [rows.length]);
}

function int32(number: number, dims: number[]): Tensor {
  return new Tensor("int32", Int32Array.of(number), dims);
}
