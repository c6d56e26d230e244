import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { bars, lines } from "./plot.ts";

/** Returns an attribute of every element with a name. */
function values(svg: string, element: string, attribute: string): string[] {
  const tags = svg.matchAll(
    new RegExp(`<${element}\\b[^>]* ${attribute}="([^"]*)"`, "g"),
  );
  return Array.from(tags, ([, value]) => value);
}

Deno.test("bars() draws lengths in proportion and escapes names", () => {
  const svg = bars("Speed-up", [["a < b", 1], ["c & d", 2]]);
  const [, one, two] = values(svg, "rect", "width").map(Number);
  assertEquals(two, one * 2);
  assert(svg.includes(">a &lt; b<") && svg.includes(">c &amp; d<"));
  const mark = Number(/d="M([\d.]+)/.exec(svg)![1]);
  assertEquals(mark, Number(values(svg, "rect", "x")[0]) + one);
});

Deno.test("lines() draws points in proportion", () => {
  const svg = lines("Cost", [
    { name: "cpu", points: [[0, 0], [16, 50], [32, 100]] },
  ], { x: "rows", y: "ms" });
  const [path] = values(svg, "polyline", "points");
  const points = path.split(", ").map((point) => point.split(" ").map(Number));
  const [[x0, y0], [x1, y1], [x2, y2]] = points;
  assertAlmostEquals(x2 - x1, x1 - x0, 0.2);
  assertAlmostEquals(y1 - y2, y0 - y1, 0.2);
  assert(x0 < x1 && y0 > y1);
  assert(svg.includes("rows, up to 32"));
});
