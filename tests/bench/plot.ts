/**
 * Small charts as SVG for a README: bars with a mark at 1, and lines.
 *
 * @module
 */

const WIDTH = 640;
/** Space for names on the left. */
const LEFT = 140;
const MARGIN = 40;
const BAR = 24;
const LINES_HEIGHT = 360;
const COLOURS = ["#2563eb", "#d97706", "#059669", "#9333ea"];

/** A bar: its name and value. */
export type Bar = readonly [name: string, value: number];

/** A line: its name and points, from left to right. */
export interface Line {
  name: string;
  points: (readonly [x: number, y: number])[];
}

/** Labels of the axes. */
export interface Axes {
  x: string;
  y: string;
}

/** Draws ratios as bars, with a mark at 1. */
export function bars(title: string, values: readonly Bar[]): string {
  const most = Math.max(1, ...values.map(([, value]) => value)) * 1.1;
  const scale = (value: number) =>
    LEFT + value / most * (WIDTH - LEFT - MARGIN);
  const height = MARGIN * 2 + values.length * BAR;
  const shapes = values.flatMap(([name, value], i) => {
    const top = MARGIN + i * BAR;
    const middle = top + BAR / 2;
    return [
      text(name, { x: LEFT - 8, y: middle, anchor: "end" }),
      `<rect x="${LEFT}" y="${top + 3}" width="${round(scale(value) - LEFT)}"` +
      ` height="${BAR - 6}" fill="${COLOURS[0]}"/>`,
      text(value.toFixed(2), { x: scale(value) + 6, y: middle }),
    ];
  });
  const one = round(scale(1));
  const mark = `<path d="M${one} ${MARGIN - 4}V${height - MARGIN + 4}"` +
    ` stroke="#111" stroke-dasharray="4 3"/>`;
  return svg(title, { height, shapes: [...shapes, mark] });
}

/** Draws lines from the origin, labelled with their names and last values. */
export function lines(
  title: string,
  series: readonly Line[],
  axes: Axes,
): string {
  const height = LINES_HEIGHT;
  const all = series.flatMap(({ points }) => points);
  const right = Math.max(...all.map(([x]) => x));
  const top = Math.max(...all.map(([, y]) => y)) * 1.05;
  const base = height - MARGIN;
  const place = (x: number, y: number) => [
    MARGIN + x / right * (WIDTH - LEFT - MARGIN),
    base - y / top * (base - MARGIN),
  ];
  const shapes = series.flatMap(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([x, y]) => place(x, y).map(round).join(" "));
    const [x, y] = place(...points.at(-1)!);
    return [
      `<polyline points="${path.join(", ")}" fill="none" stroke="${colour}"` +
      ` stroke-width="2"/>`,
      text(`${name}, ${points.at(-1)![1].toFixed(1)}`, { x: x + 6, y }),
    ];
  });
  const [endX, endY] = place(right, top).map(round);
  return svg(title, {
    height,
    shapes: [
      `<path d="M${MARGIN} ${endY}V${base}H${endX}" fill="none" stroke="#111"/>`,
      text(`${axes.y}, up to ${top.toFixed(0)}`, { x: MARGIN + 6, y: MARGIN }),
      text(`${axes.x}, up to ${round(right)}`, {
        x: endX,
        y: base + 14,
        anchor: "end",
      }),
      ...shapes,
    ],
  });
}

/** Draws charts of {@linkcode lines} below each other. */
export function stack(charts: readonly string[]): string {
  const height = LINES_HEIGHT;
  const placed = charts.map((chart, i) =>
    chart.trimEnd().replace(
      "<svg ",
      `<svg y="${i * height}" width="${WIDTH}" height="${height}" `,
    )
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg"` +
    ` viewBox="0 0 ${WIDTH} ${charts.length * height}">`,
    ...placed,
    "</svg>",
    "",
  ].join("\n");
}

function svg(
  title: string,
  { height, shapes }: { height: number; shapes: string[] },
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}"` +
    ` font-family="sans-serif" font-size="13" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(title, { x: MARGIN / 2, y: 18 }),
    ...shapes,
    "</svg>",
    "",
  ].join("\n");
}

function text(
  content: string,
  { x, y, anchor = "start" }: { x: number; y: number; anchor?: string },
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"` +
    ` dominant-baseline="middle">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
