/**
 * How a model makes one vector of the hidden states of a text, if it is made for that.
 *
 * @module
 */

import {
  field,
  INDEX,
  type Metadata,
  optionalField,
  TEXT,
} from "../gguf/field.ts";

/** The state of the last token, or the mean of all. */
export type Pooling = "mean" | "last";

/** Poolings by llama.cpp's number, those of decoders. */
const POOLINGS = new Map<number, Pooling>([[1, "mean"], [3, "last"]]);

/** Returns the pooling that a file names, if it is one that is served. */
export function poolingOf(metadata: Metadata): Pooling | undefined {
  const architecture = field(metadata, "general.architecture", TEXT);
  const key = `${architecture}.pooling_type`;
  return POOLINGS.get(optionalField(metadata, key, INDEX) ?? 0);
}
