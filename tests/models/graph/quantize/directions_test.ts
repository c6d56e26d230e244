import { assert, assertEquals } from "@std/assert";
import { uniform } from "../../../../lib/bita/choose/random.ts";
import { directionsOf } from "../../../../models/graph/quantize/directions.ts";
import { quantizeOutputs } from "../../../../models/graph/quantize/smoothed.ts";

/** Draws numbers from -1 to 1. */
function numbers(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 2 * uniform(seed, i) - 1);
}

const [OUTPUTS, COLUMNS, COUNT] = [9, 96, 200];
const MATRIX = {
  rows: OUTPUTS,
  columns: COLUMNS,
  data: numbers(1, OUTPUTS * COLUMNS),
};
const SMOOTHING = numbers(2, COLUMNS).map((x) => 1.5 + x);

/** Draws rows, most of whose inputs are multiples of three vectors. */
function rowsOf(seed: number): Float32Array {
  const vectors = [3, 4, 5].map((seed) => numbers(seed, COLUMNS));
  const rows = numbers(seed, COUNT * COLUMNS).map((x) => x / 10);
  for (let row = 0; row < COUNT; row++) {
    for (const [i, vector] of vectors.entries()) {
      const factor = 2 * uniform(seed + 10 * (i + 1), row) - 1;
      for (let k = 0; k < COLUMNS; k++) {
        rows[row * COLUMNS + k] += factor * vector[k];
      }
    }
  }
  return rows;
}

/** Returns the sum of squares of what products with rows are off by. */
function loss(known: Float32Array, rows: Float32Array): number {
  const { levels, scales } = quantizeOutputs(MATRIX, {
    smoothing: SMOOTHING,
    directions: directionsOf(known, SMOOTHING),
  });
  let squares = 0;
  for (let row = 0; row < COUNT; row++) {
    for (let output = 0; output < OUTPUTS; output++) {
      let off = 0;
      for (let k = 0; k < COLUMNS; k++) {
        const level = levels[k * OUTPUTS + output];
        const restored = level * scales[output] * SMOOTHING[k];
        const weight = MATRIX.data[output * COLUMNS + k];
        off += (restored - weight) * rows[row * COLUMNS + k];
      }
      squares += off ** 2;
    }
  }
  return squares;
}

Deno.test("rounding errs less in the directions of the inputs", () => {
  const others = rowsOf(7);
  const nearest = loss(new Float32Array(), others);
  const directed = loss(rowsOf(6), others);
  assert(directed < nearest / 5, `${directed}, and ${nearest} by the nearest`);
});

Deno.test("directionsOf() has all columns in order, the largest inputs first", () => {
  const rows = Float32Array.of(0, 3, -1, 0, 0, -3, 1, 0);
  const { order, rank, gains } = directionsOf(
    rows,
    Float32Array.of(1, 1, 6, 1),
  );
  assertEquals([...order], [2, 1, 0, 3]);
  assertEquals(rank, 2);
  assert(gains.every(Number.isFinite), "inputs that are always 0");
  assertEquals(directionsOf(new Float32Array(), SMOOTHING).rank, 0);
});
