import type { Matrix } from "../../../models/gguf/reader.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { Tensor } from "onnxruntime-node";
import { uniform } from "../../../lib/bita/choose/random.ts";
import {
  linear,
  storeInParts,
  storeLinear,
} from "../../../models/graph/linear.ts";
import { quantize } from "../../../models/graph/quantize/blocks.ts";
import { WeightsFile } from "../../../models/graph/weights_file.ts";
import { compute } from "./_compute.ts";

const BLOCK = 32;

/** Draws numbers from -1 to 1. */
function numbers(seed: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 2 * uniform(seed, i) - 1);
}

/** Dequantises bytes as `(byte - 128) * scale`. */
function restore({ bytes, scales }: ReturnType<typeof quantize>): Float32Array {
  return Float32Array.from(
    bytes,
    (byte, i) => (byte - 128) * scales[Math.floor(i / BLOCK)],
  );
}

/** Draws weights as in a 4-bit file: `step * level + lowest`, levels 0 to 15. */
function fourBits(
  seed: number,
  { step, lowest }: { step: number; lowest: number },
): Matrix {
  const data = Float32Array.from(
    { length: BLOCK },
    (_, i) => step * Math.floor(16 * uniform(seed, i)) + lowest,
  );
  return { rows: 1, columns: BLOCK, data };
}

/** Returns the root mean square of the rounding errors. */
function loss(matrix: Matrix, restored: Float32Array): number {
  const squares = matrix.data.map((x, i) => (x - restored[i]) ** 2);
  return Math.sqrt(squares.reduce((sum, x) => sum + x) / squares.length);
}

Deno.test("quantize() moves no weight by more than half a step of its block", () => {
  const matrix = { rows: 24, columns: 96, data: numbers(1, 24 * 96) };
  const { bytes, scales } = quantize(matrix);
  const restored = restore({ bytes, scales });
  for (const [block, scale] of scales.entries()) {
    const from = block * BLOCK;
    const exact = matrix.data.subarray(from, from + BLOCK);
    const largest = Math.max(...exact.map(Math.abs));
    assert(scale >= largest / 127.001 && scale <= largest / 111.999);
    for (const [i, x] of exact.entries()) {
      assert(Math.abs(x - restored[from + i]) <= scale * 0.50001);
    }
  }
});

Deno.test("quantize() preserves 4-bit levels around zero", () => {
  for (let seed = 0; seed < 50; seed++) {
    const matrix = fourBits(seed, { step: 0.013, lowest: -8 * 0.013 });
    assert(loss(matrix, restore(quantize(matrix))) < 1e-7);
  }
});

Deno.test("quantize() loses less of 4-bit levels than 127 steps do", () => {
  let best = 0, plain = 0;
  for (let seed = 0; seed < 200; seed++) {
    const matrix = fourBits(seed, {
      step: 0.013,
      lowest: -0.2 * uniform(seed, 99),
    });
    const largest = Math.max(...matrix.data.map(Math.abs));
    const scale = largest / 127;
    best += loss(matrix, restore(quantize(matrix)));
    plain += loss(
      matrix,
      matrix.data.map((x) => Math.round(x / scale) * scale),
    );
  }
  assert(best < 0.7 * plain);
});

Deno.test("quantize() returns zero for a block of zeros", () => {
  const data = new Float32Array(2 * BLOCK);
  data[BLOCK] = -1;
  const { bytes, scales } = quantize({ rows: 2, columns: BLOCK, data });
  assertEquals([...bytes.subarray(0, BLOCK)], new Array(BLOCK).fill(128));
  assertEquals(scales[0], 1);
  assertAlmostEquals((bytes[BLOCK] - 128) * scales[1], -1, 1e-6);
});

Deno.test("quantize() changes nothing of Q4_0, whose largest value has level -8", () => {
  for (const step of [0.013, -0.013]) {
    const d = Math.fround(step);
    const { data } = fourBits(7, { step: d, lowest: -8 * d });
    data[3] = -8 * d;
    const { bytes, scales } = quantize({ rows: 1, columns: BLOCK, data }, 4);
    const levels = [...bytes].flatMap((byte) => [byte & 15, byte >> 4]);
    const restored = levels.map((level) => (level - 8) * scales[0]);
    assertEquals(Float32Array.from(restored), data);
  }
});

Deno.test("quantize() packs 4-bit levels in pairs, the first one low", () => {
  const data = new Float32Array(BLOCK);
  data.set([0.5, -0.5, 0, 0.25]);
  const { bytes, scales } = quantize({ rows: 1, columns: BLOCK, data }, 4);
  assertEquals(bytes.length, BLOCK / 2);
  const levels = [...bytes].flatMap((byte) => [byte & 15, byte >> 4]);
  for (const [i, level] of levels.entries()) {
    assertAlmostEquals(
      (level - 8) * scales[0],
      data[i],
      0.51 * Math.abs(scales[0]),
    );
  }
  assert(
    loss(
      { rows: 1, columns: BLOCK, data },
      data.map((_, i) => (levels[i] - 8) * scales[0]),
    ) < 0.01,
  );
});

Deno.test("quantize() refuses rows that end within a block", () => {
  assertThrows(
    () => quantize({ rows: 2, columns: 48, data: new Float32Array(96) }),
    RangeError,
    "columns must be a multiple of 32: received 48",
  );
});

for (
  const [format, bits, tolerance] of [
    ["fp32", 8, 1e-5],
    ["int8", 8, 0.1],
    ["int8", 4, 1],
  ] as const
) {
  Deno.test(`linear() multiplies by the transposed matrix in ${format} with ${bits} bits`, async () => {
    const [count, rows, columns] = [5, 7, 64];
    const matrix = { rows, columns, data: numbers(2, rows * columns) };
    const x = numbers(3, count * columns);
    const { y } = await compute((graph) => {
      const input = graph.input("x", "float32", ["count", columns]);
      storeLinear(graph.weights, "w", { matrix, format, bits });
      const output = linear(graph, input, "w");
      graph.node("Identity", [output], { outputs: ["y"] });
      graph.output("y", ["count", rows]);
    }, { x: new Tensor("float32", x, [count, columns]) });
    assertEquals(y.dims, [count, rows]);
    for (const [at, received] of (y.data as Float32Array).entries()) {
      const line = Math.floor(at / rows), feature = at % rows;
      let expected = 0;
      for (let k = 0; k < columns; k++) {
        expected += x[line * columns + k] * matrix.data[feature * columns + k];
      }
      assertAlmostEquals(received, expected, tolerance);
    }
  });
}

Deno.test("linear() with 4 bits computes a row in the same bits beside any others", async () => {
  const [most, rows, columns] = [64, 300, 64];
  const matrix = { rows, columns, data: numbers(4, rows * columns) };
  const x = numbers(5, most * columns);
  const multiply = async (count: number) => {
    const { y } = await compute((graph) => {
      const input = graph.input("x", "float32", [1, "count", columns]);
      storeLinear(graph.weights, "w", { matrix, format: "int4", bits: 4 });
      const output = linear(graph, input, "w");
      graph.node("Identity", [output], { outputs: ["y"] });
      graph.output("y", [1, "count", rows]);
    }, {
      x: new Tensor("float32", x.slice(0, count * columns), [
        ...[1, count, columns],
      ]),
    });
    return y.data as Float32Array;
  };
  const all = await multiply(most);
  for (let count = 2; count < most; count++) {
    assertEquals(await multiply(count), all.slice(0, count * rows));
  }
});

Deno.test("storeInParts() writes what storeLinear() writes at once", async () => {
  const [rows, columns] = [4099, 32];
  const matrix = { rows, columns, data: numbers(9, rows * columns) };
  const folder = await Deno.makeTempDir();
  for (
    const [format, bits] of [["int8", 8], ["int4", 4], ["fp32", 8]] as const
  ) {
    {
      using whole = new WeightsFile(`${folder}/whole.bin`);
      using parts = new WeightsFile(`${folder}/parts.bin`);
      storeLinear(whole, "w", { matrix, format, bits });
      await storeInParts(parts, "w", {
        rows,
        columns,
        format,
        bits,
        read: ({ from, to }) => {
          const data = matrix.data.subarray(from * columns, to * columns);
          return Promise.resolve({ rows: to - from, columns, data });
        },
      });
      const [one, other] = [whole, parts].map((file) => file.directory());
      assertEquals(JSON.parse(other), JSON.parse(one));
    }
    const [one, other] = await Promise.all(
      ["whole", "parts"].map((name) => Deno.readFile(`${folder}/${name}.bin`)),
    );
    assert(one.every((byte, i) => byte === other[i]));
    assertEquals(one.length, other.length);
  }
  await Deno.remove(folder, { recursive: true });
});
