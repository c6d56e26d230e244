/**
 * Tables as Markdown, aligned for a terminal.
 *
 * @module
 */

/** A cell; `undefined` was not measured. */
export type Cell = string | number | undefined;

/** Rows of cells under a title. */
export interface Table {
  title: string;
  header: string[];
  rows: Cell[][];
}

/** Formats a table; numbers are right-aligned, with three significant digits. */
export function markdown({ title, header, rows }: Table): string {
  const cells = rows.map((row) => row.map(show));
  const widths = header.map((name, i) =>
    Math.max(name.length, 3, ...cells.map((row) => row[i].length))
  );
  const numeric = header.map((_, i) =>
    rows.some((row) => typeof row[i] === "number")
  );
  const line = (row: string[]) =>
    `| ${
      row.map((cell, i) =>
        numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])
      ).join(" | ")
    } |`;
  const rule = widths.map((width, i) =>
    numeric[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  return [`### ${title}`, "", line(header), line(rule), ...cells.map(line)]
    .join("\n");
}

function show(cell: Cell): string {
  if (cell === undefined) return "–";
  if (typeof cell === "string") return cell.replaceAll("|", "\\|");
  if (Number.isNaN(cell)) return "–";
  if (Number.isInteger(cell)) return String(cell);
  const whole = Math.trunc(Math.abs(cell)).toString().length;
  return cell.toFixed(Math.max(0, Math.abs(cell) < 1 ? 3 : 3 - whole));
}
