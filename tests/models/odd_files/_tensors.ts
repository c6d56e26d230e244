/**
 * Tensors that are missing, too many, misplaced, or of numbers that can't be computed
 * with.
 *
 * @module
 */

import type { TinyParts } from "../../toy/tiny_gguf.ts";
import { concat, u32Value } from "../gguf/_file.ts";
import {
  type Change,
  damaged,
  entry,
  extraTensor,
  refused,
  served,
  tensor,
} from "./_case.ts";

const NORM = "output_norm.weight";
const QUERIES = "blk.0.attn_q.weight";
/** Stored as Q8_0: a scale of 16 bits, then 32 bytes. */
const UP = "blk.1.ffn_up.weight";

const NAN = [0, 0, 0xc0, 0x7f];
const INFINITY = [0, 0, 0x80, 0x7f];
const HALF_INFINITY = [0, 0x7c];

/** Leaves a tensor out of the directory. */
const withoutTensor = (name: string): Change => (tiny) => ({
  ...tiny,
  lines: tiny.lines.filter((line) => line.name !== name),
});

/** Writes the tensors in reverse, at multiples of `alignment`, with as much between. */
const moved = (alignment: number): Change => ({ entries, lines, data }) => {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const sized = lines.map((line, i) => ({
    line,
    bytes: data.subarray(line.offset, lines[i + 1]?.offset),
  }));
  const changed = sized.reverse().map(({ line, bytes }) => {
    const room = (Math.ceil(bytes.length / alignment) + 1) * alignment;
    parts.push(bytes, new Uint8Array(room - bytes.length));
    offset += room;
    return { ...line, offset: offset - room };
  });
  return { entries, lines: changed, data: concat(...parts) };
};

export const TENSORS = [
  refused(
    "a layer without its last tensor",
    "blk.1.ffn_down.weight must be 128×96: received none",
    withoutTensor("blk.1.ffn_down.weight"),
  ),
  refused(
    "no norm at the end",
    "output_norm.weight must be 128: received none",
    withoutTensor(NORM),
  ),
  refused(
    "a bias that Llama does not have",
    "received blk.0.attn_output.bias",
    extraTensor("blk.0.attn_output.bias", Array(128).fill(1)),
  ),
  refused(
    "a layer more than the file states",
    "received blk.2.attn_norm.weight",
    extraTensor("blk.2.attn_norm.weight", Array(128).fill(1)),
  ),
  refused(
    "a matrix on its side",
    "blk.0.attn_k.weight must be 64×128: received 128×64",
    tensor("blk.0.attn_k.weight", { dims: [64, 128] }),
  ),
  refused(
    "a matrix in three dimensions",
    "blk.0.attn_q.weight must be 128×128: received 1×128×128",
    tensor(QUERIES, { dims: [128, 128, 1] }),
  ),
  refused(
    "a head of another vocabulary",
    "output.weight must be 300×128",
    tensor("output.weight", { dims: [128, 299] }),
  ),
  ...[4, 16, 34, 99].map((type) =>
    refused(
      `type ${type}, which is not read`,
      `received type ${type}`,
      tensor(QUERIES, { type }),
    )
  ),
  refused(
    "columns that end in a block",
    `columns of tensor "${UP}" must be a multiple of 32: received 48`,
    tensor(UP, { dims: [48, 256] }),
  ),
  refused(
    "two tensors of one name",
    "tensor names must be unique",
    tensor(NORM, { name: "output.weight" }),
  ),
  refused(
    "two tensors in one place",
    'must begin after "token_embd.weight"',
    tensor(NORM, { offset: 32 }),
  ),
  refused(
    "a tensor between two places",
    "must begin at a multiple of 32",
    tensor(NORM, { offset: 76_804 }),
  ),
  refused(
    "no number among the weights",
    `numbers of ${NORM} must be finite: received NaN`,
    damaged(NORM, NAN),
  ),
  refused(
    "an infinite weight",
    `numbers of blk.0.ffn_norm.weight must be finite: received Infinity`,
    damaged("blk.0.ffn_norm.weight", INFINITY),
  ),
  refused(
    "an infinite scale of a block",
    `numbers of ${UP} must be finite`,
    damaged(UP, HALF_INFINITY),
  ),
  refused(
    "an infinite weight of 16 bits",
    `numbers of ${QUERIES} must be finite`,
    damaged(QUERIES, HALF_INFINITY),
  ),
  refused(
    "divisors of another length",
    "rope_freqs.weight must be 16: received 8",
    extraTensor("rope_freqs.weight", Array(8).fill(1)),
  ),
  refused(
    "a divisor of 0",
    "numbers of rope_freqs.weight must be positive: received 0",
    extraTensor("rope_freqs.weight", [...Array(15).fill(1), 0]),
  ),
  served(
    "divisors of 1",
    extraTensor("rope_freqs.weight", Array(16).fill(1)),
  ),
  served(
    "angles that nobody needs",
    extraTensor("blk.0.attn_rot_embd.weight", Array(16).fill(1)),
  ),
  served("tensors in another order, with gaps", moved(32)),
  ...[8, 64, 4096].map((alignment) =>
    served(`data at multiples of ${alignment}`, (tiny) => {
      const parts = moved(alignment)(tiny) as TinyParts;
      const value = u32Value(alignment);
      return { ...entry("general.alignment", value)(parts), alignment };
    })
  ),
];
