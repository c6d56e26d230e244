/** Draws a square mask, with a line for each row: "#" attends and "." does not. */
export function draw(mask: Uint8Array): string[] {
  const n = Math.sqrt(mask.length);
  const cells = Array.from(mask, (bit) => bit ? "#" : ".").join("");
  return Array.from({ length: n }, (_, i) => cells.slice(i * n, i * n + n));
}
