/**
 * Rotary position embedding's angles (RoFormer, arXiv 2104.09864).
 *
 * @module
 */

/** Writes the cosines and sines of `position`, `[headDim / 2]` each. */
export function rotaryRow(
  position: number,
  { headDim, ropeTheta }: { headDim: number; ropeTheta: number },
  { cos, sin }: { cos: Float32Array; sin: Float32Array },
): void {
  for (let i = 0; i < headDim / 2; i++) {
    const angle = position * ropeTheta ** (-2 * i / headDim);
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
}
