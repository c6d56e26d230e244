/** Draws a square mask, one row a line: "#" where it attends, "." where not. */
export function draw(mask: Uint8Array): string[] {
  const n = Math.sqrt(mask.length);
  const cells = Array.from(mask, (bit) => bit ? "#" : ".").join("");
  return Array.from({ length: n }, (_, i) => cells.slice(i * n, i * n + n));
}
