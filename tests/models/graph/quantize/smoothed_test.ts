import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Tensor } from "onnxruntime-common";
import { uniform } from "../../../../lib/bita/choose/random.ts";
import type { Matrix } from "../../../../models/gguf/reader.ts";
import type { GraphBuilder } from "../../../../models/graph/graph_builder.ts";
import { linears } from "../../../../models/graph/linear.ts";
import { directionsOf } from "../../../../models/graph/quantize/directions.ts";
import {
  addSquares,
  quantizeOutputs,
  smoothingOf,
  storeSmoothed,
  storeUnsmoothed,
  storeUnsmoothedInParts,
} from "../../../../models/graph/quantize/smoothed.ts";
import { WeightsFile } from "../../../../models/graph/weights_file.ts";
import { computeWhole } from "./_compute_whole.ts";

/** Draws numbers from -1 to 1. */
function numbers(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 2 * uniform(seed, i) - 1);
}

const [ROWS, COLUMNS, COUNT] = [7, 64, 5];
const MATRICES: Matrix[] = [1, 2].map((seed) => (
  { rows: ROWS, columns: COLUMNS, data: numbers(seed, ROWS * COLUMNS) }
));

/** Inputs of which the first is a hundred times as large as the others. */
const INPUTS = numbers(3, COUNT * COLUMNS).map((x, i) =>
  i % COLUMNS === 0 ? 100 * x : x
);
const SIZES = Float32Array.from(
  { length: COLUMNS },
  (_, i) => i === 0 ? 100 : 1,
);

/** Nothing is known of how inputs vary together. */
const NO_ROWS = new Float32Array();

/** Multiplies rows by both matrices in one graph. */
async function multiply(
  rows: Float32Array,
  { sizes = SIZES, smoothed = true, look = () => {} }: {
    sizes?: Float32Array;
    smoothed?: boolean;
    look?: (graph: GraphBuilder) => void;
  } = {},
): Promise<Float32Array[]> {
  const count = rows.length / COLUMNS;
  const names = ["a", "b"];
  const shape = [1, count, ROWS];
  const outputs = await computeWhole(
    (graph) => {
      const input = graph.input("x", "float32", [1, "count", COLUMNS]);
      const [a, b] = MATRICES;
      const inputs = { sizes, rows: NO_ROWS };
      if (smoothed) storeSmoothed(graph.weights, [["a", a], ["b", b]], inputs);
      else {
        storeUnsmoothed(graph.weights, ["a", a], inputs);
        storeUnsmoothed(graph.weights, ["b", b], inputs);
      }
      for (const [i, output] of linears(graph, input, names).entries()) {
        graph.node("Identity", [output], { outputs: [`y${i}`] });
        graph.output(`y${i}`, [1, "count", ROWS]);
      }
      look(graph);
    },
    { x: new Tensor("float32", rows, [1, count, COLUMNS]) },
    {
      y0: shape,
      y1: shape,
    },
  );
  return [outputs.y0, outputs.y1];
}

/** Returns the root mean square of what both products are off by. */
function loss(products: Float32Array[]): number {
  let squares = 0;
  for (const [which, { data }] of MATRICES.entries()) {
    for (const [at, received] of products[which].entries()) {
      const from = Math.floor(at / ROWS) * COLUMNS;
      const row = (at % ROWS) * COLUMNS;
      let exact = 0;
      for (let k = 0; k < COLUMNS; k++) {
        exact += INPUTS[from + k] * data[row + k];
      }
      squares += (received - exact) ** 2;
    }
  }
  return Math.sqrt(squares / (2 * COUNT * ROWS));
}

Deno.test("smoothed linears multiply by the transposed matrices", async () => {
  const products = await multiply(INPUTS);
  assertEquals(products.map(({ length }) => length), [35, 35]);
  assert(loss(products) < 0.2, `off by ${loss(products)}`);
});

Deno.test("smoothing keeps the small inputs beside a large one", async () => {
  const smoothed = loss(await multiply(INPUTS));
  const sizes = new Float32Array(COLUMNS); // nothing is known
  const plain = loss(await multiply(INPUTS, { sizes }));
  assert(smoothed < plain / 3, `${smoothed}, and ${plain} without`);
});

Deno.test("rows of 16 bits leave only what weights of 8 bits lose", async () => {
  const products = await multiply(INPUTS, { smoothed: false });
  const smoothing = new Float32Array(COLUMNS).fill(1);
  const rounding = { smoothing, directions: directionsOf(NO_ROWS, smoothing) };
  for (const [which, matrix] of MATRICES.entries()) {
    const { levels, scales } = quantizeOutputs(matrix, rounding);
    for (const [at, received] of products[which].entries()) {
      const from = Math.floor(at / ROWS) * COLUMNS;
      const output = at % ROWS;
      let expected = 0;
      for (let k = 0; k < COLUMNS; k++) {
        const weight = levels[k * ROWS + output] * scales[output];
        expected += INPUTS[from + k] * weight;
      }
      // The largest inputs are near 100, with 2 · 127 · 127 steps from 0.
      assertAlmostEquals(received, expected, 0.02);
    }
  }
});

for (const smoothed of [true, false]) {
  const name = smoothed ? "smoothed" : "unsmoothed";

  Deno.test(`${name} linears give a row the same bits beside others and alone`, async () => {
    const together = await multiply(INPUTS, { smoothed });
    for (let row = 0; row < COUNT; row++) {
      const at = row * COLUMNS;
      const own = INPUTS.slice(at, at + COLUMNS);
      const alone = await multiply(own, { smoothed });
      for (const [which, product] of together.entries()) {
        const expected = product.subarray(row * ROWS, (row + 1) * ROWS);
        assertEquals(alone[which], expected);
      }
    }
  });

  Deno.test(`${name} linears map zeros to zeros`, async () => {
    const rows = new Float32Array(2 * COLUMNS);
    rows.fill(1, COLUMNS);
    for (const product of await multiply(rows, { smoothed })) {
      const [zeros, others] = [product.slice(0, ROWS), product.slice(ROWS)];
      assertEquals([...zeros].map(Math.abs), Array(ROWS).fill(0));
      assert(others.every((y) => y !== 0));
    }
  });
}

Deno.test("smoothed linears with the same input have its levels once", async () => {
  let quantized = 0, products = 0;
  await multiply(INPUTS, {
    look(graph) {
      quantized = graph.inputsOf("QuantizeLinear").length;
      products = graph.inputsOf("MatMulIntegerToFloat").length;
    },
  });
  assertEquals([quantized, products], [1, 2]);
});

Deno.test("smoothing shares what is large between inputs and all weights", () => {
  const squares = new Float32Array(4);
  for (const data of [[3, -1, 2, 0], [-4, 0, 0, 0]]) {
    addSquares({ rows: 1, columns: 4, data: Float32Array.from(data) }, squares);
  }
  assertEquals([...squares], [25, 1, 4, 0]);
  const smoothing = smoothingOf(squares, Float32Array.of(20, 4, 0, 1));
  // Without an input or a weight, there is nothing to share.
  assertEquals([...smoothing], [0.5, 0.5, 1, 1]);
});

Deno.test("storeUnsmoothedInParts() writes what storeUnsmoothed() writes at once", async () => {
  const folder = await Deno.makeTempDir();
  const [rows, columns] = [5000, 32]; // more than a part has
  const matrix = { rows, columns, data: numbers(5, rows * columns) };
  const inputs = { rows: numbers(6, 20 * columns) };
  {
    using whole = new WeightsFile(`${folder}/whole`);
    storeUnsmoothed(whole, ["w", matrix], inputs);
    using inParts = new WeightsFile(`${folder}/parts`);
    await storeUnsmoothedInParts(inParts, "w", {
      rows,
      columns,
      inputs,
      read: ({ from, to }) =>
        Promise.resolve({
          rows: to - from,
          columns,
          data: matrix.data.slice(from * columns, to * columns),
        }),
    });
    assertEquals(inParts.directory(), whole.directory());
  }
  const [whole, inParts] = ["whole", "parts"].map((name) =>
    Deno.readFileSync(`${folder}/${name}`)
  );
  assertEquals(inParts, whole);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("quantizeOutputs() moves no weight by more than half a step where it knows no inputs", () => {
  const [matrix] = MATRICES;
  const smoothing = numbers(4, COLUMNS).map((x) => 1.5 + x);
  const directions = directionsOf(NO_ROWS, smoothing);
  const { levels, scales } = quantizeOutputs(matrix, { smoothing, directions });
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const exact = matrix.data[row * COLUMNS + column] / smoothing[column];
      const level = levels[column * ROWS + row];
      assertAlmostEquals(level * scales[row], exact, scales[row] * 0.50001);
    }
  }
});

Deno.test("quantizeOutputs() gives zeros the level of zero", () => {
  const data = new Float32Array(2 * COLUMNS);
  data[COLUMNS] = -1;
  const smoothing = new Float32Array(COLUMNS).fill(1);
  const directions = directionsOf(NO_ROWS, smoothing);
  const { levels, scales } = quantizeOutputs(
    { rows: 2, columns: COLUMNS, data },
    { smoothing, directions },
  );
  assertEquals([levels[0], levels[2], scales[0]], [0, 0, 1]);
  assertAlmostEquals(levels[1] * scales[1], -1, 1e-6);
});
