import { assertAlmostEquals, assertEquals } from "@std/assert";
import { uniform } from "../../../lib/bita/choose/random.ts";
import { rotaryRow, SlotAngles } from "../../../lib/runtime/body/rotary.ts";

const half = 4;
const shape = { frequencies: [1, 0.1, 0.01, 0.001], magnitude: 1 };

function rotated(position: number): { cos: Float32Array; sin: Float32Array } {
  const row = { cos: new Float32Array(half), sin: new Float32Array(half) };
  rotaryRow(position, shape, row);
  return row;
}

/** Turns a head as the graph does: number `i` of one half with that of the other. */
function turn(head: number[], position: number): number[] {
  const { cos, sin } = rotated(position);
  return head.map((x, i) =>
    i < half
      ? x * cos[i] - head[i + half] * sin[i]
      : x * cos[i - half] + head[i - half] * sin[i - half]
  );
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

Deno.test("rotaryRow() turns nothing at position 0", () => {
  assertEquals(rotated(0), {
    cos: Float32Array.of(1, 1, 1, 1),
    sin: Float32Array.of(0, 0, 0, 0),
  });
});

Deno.test("rotaryRow() turns the first pair by the position, later ones slower", () => {
  const { cos, sin } = rotated(3);
  for (const [i, angle] of [3, 0.3, 0.03, 0.003].entries()) {
    assertAlmostEquals(cos[i], Math.cos(angle), 1e-7);
    assertAlmostEquals(sin[i], Math.sin(angle), 1e-7);
  }
});

Deno.test("rotaryRow() scales what it turns and leaves the rest as it is", () => {
  const row = { cos: new Float32Array(2), sin: new Float32Array(2) };
  rotaryRow(1, { frequencies: [0.5, 0], magnitude: 2 }, row);
  assertEquals([...row.cos], [Math.fround(2 * Math.cos(0.5)), 1]);
  assertEquals([...row.sin], [Math.fround(2 * Math.sin(0.5)), 0]);
});

Deno.test("rotaryRow() makes scores depend on the distance alone", () => {
  const query = Array.from({ length: 2 * half }, (_, i) => uniform(1, i) - 0.5);
  const key = Array.from({ length: 2 * half }, (_, i) => uniform(2, i) - 0.5);
  const near = dot(turn(query, 7), turn(key, 2));
  const far = dot(turn(query, 1007), turn(key, 1002));
  const other = dot(turn(query, 8), turn(key, 2));
  assertAlmostEquals(near, far, 1e-4);
  assertEquals(Math.abs(near - other) > 1e-2, true);
});

Deno.test("SlotAngles.at() has the angles of a step's positions at its slots", () => {
  const angles = new SlotAngles(shape);
  for (const [start, total] of [[2, 4], [3, 40]]) {
    const positions = Int32Array.of(7, 9);
    const { cos, sin } = angles.at({ start, positions, total });
    assertEquals([cos.dims, sin.dims], [[total, half], [total, half]]);
    for (const [row, position] of positions.entries()) {
      const from = (start + row) * half;
      const at = ({ data }: typeof cos) => data.slice(from, from + half);
      const expected = rotated(position);
      assertEquals({ cos: at(cos), sin: at(sin) }, expected);
    }
  }
});
