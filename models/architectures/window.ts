/**
 * The layers in which a token attends only to the last ones before it.
 *
 * @module
 */

import { FLAGS, INDEX, type Metadata, optionalField } from "../gguf/field.ts";
import type { Family } from "./families.ts";
import { readWindowRotary, type Rotary, type RotaryShape } from "./rotary.ts";

/** Layers with a sliding window. */
export interface Window {
  /** Tokens that a token attends to, itself included. */
  size: number;
  /** Whether a layer has the window, by layer. */
  layers: boolean[];
  /** The angles in these layers. */
  rotary: Rotary;
}

/** Reads which layers have a window; `undefined` if none has. */
export function readWindow(
  metadata: Metadata,
  { layers, usual, ...shape }: RotaryShape & {
    layers: number;
    usual: Family["window"];
  },
): Window | undefined {
  if (usual === undefined) return undefined;
  const key = `${shape.architecture}.attention.sliding_window`;
  const size = optionalField(metadata, key, INDEX) ?? 0;
  if (size === 0) return undefined;
  const isWindowed = pattern(metadata, `${key}_pattern`, usual.period);
  return {
    size,
    layers: Array.from({ length: layers }, (_, layer) => isWindowed(layer)),
    rotary: readWindowRotary(metadata, { ...shape, base: usual.base }),
  };
}

/** Reads a period, of which all layers but the last have a window, or a flag a layer. */
function pattern(
  metadata: Metadata,
  key: string,
  usual: number,
): (layer: number) => boolean {
  if (Array.isArray(metadata[key])) {
    const flags = optionalField(metadata, key, FLAGS)!;
    return (layer) => flags[layer % flags.length] ?? false;
  }
  const period = optionalField(metadata, key, INDEX) ?? usual;
  return (layer) => period === 0 || layer % period < period - 1;
}
