/**
 * What the attention of each sequence takes of a pass, and where its outputs belong.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";

/** Rows of a pass that belong to one sequence. */
export interface LaneRows {
  /** The first one. */
  first: number;
  /** 0 for an idle sequence, which takes another's row. */
  count: number;
  /** Rows that attention computes; the last one is repeated. */
  width: number;
}

/** The inputs of a body that has attention for several sequences, or a folded one. */
export interface LaneLists {
  /** What each sequence takes of the pass. */
  taken: Tensor[];
  /** What the pass takes of the outputs, one sequence's after the other's. */
  order: Tensor;
}

/** Lists rows. */
export function rowLists(
  lanes: readonly LaneRows[],
  { rows }: { rows: number },
): LaneLists {
  const order = new BigInt64Array(rows); // padding is not read
  let attended = 0;
  const taken = lanes.map(({ first, count, width }) => {
    for (let row = 0; row < count; row++) {
      order[first + row] = BigInt(attended + row);
    }
    attended += width;
    return list(BigInt64Array.from(
      { length: width },
      (_, row) => BigInt(first + last(row, count)),
    ));
  });
  return { taken, order: list(order) };
}

/** Query heads, and heads of keys and values, of a row. */
export interface Heads {
  heads: number;
  kvHeads: number;
}

/**
 * Lists heads, for a folded body: a sequence takes its rows once for each query head
 * that shares keys, with one of these and all keys and values.
 */
export function headLists(
  lanes: readonly LaneRows[],
  { rows, heads, kvHeads }: Heads & { rows: number },
): LaneLists {
  const copies = heads / kvHeads;
  const order = new Int32Array(rows * heads); // padding is not read
  let attended = 0;
  const taken = lanes.map(({ first, count, width }) => {
    const indices = new Int32Array(copies * width * 3 * kvHeads);
    let at = 0;
    for (let copy = 0; copy < copies; copy++) {
      for (let row = 0; row < width; row++) {
        const own = (first + last(row, count)) * (heads + 2 * kvHeads);
        for (let kv = 0; kv < kvHeads; kv++) {
          indices[at++] = own + kv * copies + copy;
        }
        for (let kv = 0; kv < 2 * kvHeads; kv++) {
          indices[at++] = own + heads + kv;
        }
      }
    }
    for (let row = 0; row < count; row++) {
      for (let head = 0; head < heads; head++) {
        const copy = attended + (head % copies) * width + row;
        order[(first + row) * heads + head] = copy * kvHeads +
          Math.floor(head / copies);
      }
    }
    attended += copies * width;
    return list(indices);
  });
  return { taken, order: list(order) };
}

/** Returns a row of a lane, or its last one. */
function last(row: number, count: number): number {
  return Math.max(0, Math.min(row, count - 1));
}

function list(indices: BigInt64Array | Int32Array): Tensor {
  return indices instanceof Int32Array
    ? new Tensor("int32", indices, [indices.length])
    : new Tensor("int64", indices, [indices.length]);
}
