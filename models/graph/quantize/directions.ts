/**
 * Rounding of a linear's weights that errs as little as it can in the directions in which
 * its inputs usually lie.
 *
 * Inputs x have second moments E[x · xᵀ], here a diagonal and a matrix of low rank: what
 * the error d of an output's weights costs is
 *
 * ```text
 * Σ rest · d² + |Σ d · vector|², by the metric of the vectors
 * ```
 *
 * Weights are rounded in order, the ones with the largest inputs first. The sum of what
 * came before tells how to move the next weight, so that it and those after it make up for
 * that at the lowest cost. With a full matrix this would be
 * [GPTQ](https://arxiv.org/abs/2210.17323), which takes `columns / RANK` times as long.
 *
 * @module
 */

/** Vectors of a linear. */
const RANK = 8;

/** How often the vectors are turned towards the rows. */
const TURNS = 2;

/** The least share of a column's square that no vector has: a text is only a sample. */
const LEAST_REST = 0.05;

/** How inputs vary together. */
export interface Directions {
  /** How many vectors there are. */
  rank: number;
  /** The columns as they are to be rounded. */
  order: Uint32Array;
  /** What a column's error adds to the sum, `[columns, rank]`. */
  vectors: Float32Array;
  /** How much of the sum a column makes up for, `[columns, rank]`. */
  gains: Float32Array;
}

/**
 * Returns the directions of rows that are multiplied by the smoothing.
 *
 * @param rows `[count, columns]`; without any, there are no directions.
 */
export function directionsOf(
  rows: Float32Array,
  smoothing: Float32Array,
): Directions {
  const columns = smoothing.length;
  const inputs = rows.map((x, i) => x * smoothing[i % columns]);
  const basis = basisOf(inputs, columns);
  const rank = basis.length;
  const vectors = new Float32Array(columns * rank);
  for (const [i, vector] of basis.entries()) {
    for (let k = 0; k < columns; k++) vectors[k * rank + i] = vector[k];
  }
  const squares = new Float32Array(columns);
  for (let at = 0; at < inputs.length; at += columns) {
    for (let k = 0; k < columns; k++) squares[k] += inputs[at + k] ** 2;
  }
  const order = Uint32Array.from(squares.keys());
  order.sort((a, b) => squares[b] - squares[a]);
  const metric = momentsOf(project(inputs, basis), rank);
  const gains = gainsOf({ rank, order, vectors }, { squares, metric });
  return { rank, order, vectors, gains };
}

/** Returns vectors near those that rows vary along most: some rows, turned to all. */
function basisOf(inputs: Float32Array, columns: number): Float32Array[] {
  const count = inputs.length / columns;
  const rank = Math.min(RANK, count);
  const basis = Array.from({ length: rank }, (_, i) => {
    const from = Math.floor(i * count / rank) * columns;
    return inputs.slice(from, from + columns);
  });
  orthonormalize(basis);
  for (let turn = 0; turn < TURNS; turn++) {
    const products = project(inputs, basis);
    for (const [i, vector] of basis.entries()) {
      vector.fill(0);
      for (let row = 0; row < count; row++) {
        const factor = products[row * rank + i];
        const at = row * columns;
        for (let k = 0; k < columns; k++) {
          vector[k] += factor * inputs[at + k];
        }
      }
    }
    orthonormalize(basis);
  }
  return basis;
}

/**
 * Returns how much of the sum each column makes up for, by the sums of the inputs' squares,
 * `[columns]`, and those of the products of what the vectors have of them, `[rank, rank]`,
 * which are used up.
 */
function gainsOf(
  { rank, order, vectors }: Omit<Directions, "gains">,
  { squares, metric }: { squares: Float32Array; metric: Float64Array },
): Float32Array {
  const gains = new Float32Array(vectors.length);
  const moved = new Float64Array(rank);
  const rests = squares.map((square, k) => {
    const own = vectors.subarray(k * rank, (k + 1) * rank);
    return Math.max(square - multiply(metric, own, moved), square * LEAST_REST);
  });
  // From the last column on: what the columns after one make up for, the metric has not.
  for (const k of order.toReversed()) {
    const own = vectors.subarray(k * rank, (k + 1) * rank);
    const cost = rests[k] + multiply(metric, own, moved);
    if (cost <= 0) continue;
    for (let i = 0; i < rank; i++) {
      gains[k * rank + i] = moved[i] / cost;
      for (let j = 0; j < rank; j++) {
        metric[i * rank + j] -= moved[i] * moved[j] / cost;
      }
    }
  }
  return gains;
}

/** Returns the products of rows and vectors, `[count, rank]`. */
function project(
  rows: Float32Array,
  basis: readonly Float32Array[],
): Float32Array {
  const columns = basis[0]?.length ?? 1;
  const out = new Float32Array(rows.length / columns * basis.length);
  for (let at = 0, to = 0; at < rows.length; at += columns) {
    for (const vector of basis) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += rows[at + k] * vector[k];
      out[to++] = sum;
    }
  }
  return out;
}

/** Returns the sums of products of columns, `[rank, rank]`. */
function momentsOf(rows: Float32Array, rank: number): Float64Array {
  const out = new Float64Array(rank * rank);
  for (let at = 0; at < rows.length; at += rank) {
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j < rank; j++) {
        out[i * rank + j] += rows[at + i] * rows[at + j];
      }
    }
  }
  return out;
}

/** Writes `matrix · vector` into `out`; returns `vector · matrix · vector`. */
function multiply(
  matrix: Float64Array,
  vector: Float32Array,
  out: Float64Array,
): number {
  const { length } = vector;
  let square = 0;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += matrix[i * length + j] * vector[j];
    out[i] = sum;
    square += vector[i] * sum;
  }
  return square;
}

/** Makes vectors orthogonal, of length 1; those that depend on others become zeros. */
function orthonormalize(basis: readonly Float32Array[]): void {
  for (const [i, vector] of basis.entries()) {
    const before = Math.sqrt(dot(vector, vector));
    for (const other of basis.slice(0, i)) {
      const product = dot(vector, other);
      for (let k = 0; k < vector.length; k++) vector[k] -= product * other[k];
    }
    const length = Math.sqrt(dot(vector, vector));
    const factor = length > 1e-4 * before ? 1 / length : 0;
    for (let k = 0; k < vector.length; k++) vector[k] *= factor;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}
