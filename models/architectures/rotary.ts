/**
 * The angles of rotary embedding (RoFormer, arXiv 2104.09864), as a file describes them.
 *
 * @module
 */

import {
  COUNT,
  field,
  type Metadata,
  optionalField,
  POSITIVE,
  TEXT,
} from "../gguf/field.ts";
import type { Dimensions } from "./config.ts";
import { refusal } from "./tensors.ts";

/** The angles of a model's queries and keys. */
export interface Rotary {
  /**
   * The angle by which each pair of numbers turns with each token, in radians,
   * `[headDim / 2]`. A pair with 0 is not rotated.
   */
  frequencies: number[];
  /** Factor of rotated numbers. */
  magnitude: number;
}

/** The angles of long contexts (LongRoPE, arXiv 2402.13753). */
export interface LongRotary extends Rotary {
  /** Tokens of the longest context that has the other angles. */
  beyond: number;
}

/** Base of the angles in a file without one. */
const DEFAULT_BASE = 10_000;

/** Whose angles are read. */
export type RotaryShape = Pick<
  Dimensions,
  "architecture" | "headDim" | "rotated"
>;

/**
 * Reads the angles, without the divisors that a file may have as tensors.
 *
 * @throws {TypeError} if they are of an unknown kind.
 */
export function readRotary(
  metadata: Metadata,
  shape: RotaryShape,
): Rotary {
  const key = `${shape.architecture}.rope`;
  const base = optionalField(metadata, `${key}.freq_base`, POSITIVE);
  const magnitude = optionalField(
    metadata,
    `${key}.scaling.attn_factor`,
    POSITIVE,
  );
  return {
    frequencies: frequencies(shape, {
      base: base ?? DEFAULT_BASE,
      scale: positionScale(metadata, key),
    }),
    magnitude: magnitude ?? 1,
  };
}

/** Reads the angles of layers with a window; `base` is that of a file without one. */
export function readWindowRotary(
  metadata: Metadata,
  { base, ...shape }: RotaryShape & { base: number | undefined },
): Rotary {
  const key = `${shape.architecture}.rope`;
  return {
    frequencies: frequencies(shape, {
      base: optionalField(metadata, `${key}.freq_base_swa`, POSITIVE) ?? base ??
        optionalField(metadata, `${key}.freq_base`, POSITIVE) ?? DEFAULT_BASE,
      scale: 1,
    }),
    magnitude: 1,
  };
}

/**
 * Reads the longest context without the angles of long ones.
 *
 * @throws {TypeError} if the file does not state it.
 */
export function readOriginalContext(
  metadata: Metadata,
  architecture: string,
): number {
  const key = `${architecture}.rope.scaling.original_context_length`;
  return field(metadata, key, COUNT);
}

/**
 * Returns angles with their frequencies divided by the numbers of the tensor `name`.
 *
 * @throws {RangeError} if a number is not positive.
 */
export function divided<R extends Rotary>(
  rotary: R,
  divisors: Float32Array,
  name: string,
): R {
  const wrong = divisors.find((divisor) => divisor <= 0);
  if (wrong !== undefined) {
    throw refusal(RangeError, `numbers of ${name} must be positive`, wrong);
  }
  const frequencies = rotary.frequencies.map((frequency, i) =>
    frequency === 0 ? 0 : frequency / divisors[i]
  );
  return { ...rotary, frequencies };
}

function frequencies(
  { headDim, rotated }: RotaryShape,
  { base, scale }: { base: number; scale: number },
): number[] {
  return Array.from(
    { length: headDim / 2 },
    (_, i) => 2 * i < rotated ? base ** (-2 * i / rotated) / scale : 0,
  );
}

/** Returns the divisor of positions; a factor without a type is linear. */
function positionScale(metadata: Metadata, rope: string): number {
  const key = `${rope}.scaling`;
  const type = optionalField(metadata, `${key}.type`, TEXT) ?? "linear";
  if (type === "none" || type === "longrope") return 1;
  if (type !== "linear") {
    const rule = `${key}.type must be "linear", "longrope" or "none"`;
    throw refusal(TypeError, rule, JSON.stringify(type));
  }
  return optionalField(metadata, `${key}.factor`, POSITIVE) ??
    optionalField(metadata, `${rope}.scale_linear`, POSITIVE) ?? 1;
}
