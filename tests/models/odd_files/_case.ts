/**
 * Files that are a tiny model with one thing changed, and what becomes of them.
 *
 * @module
 */

import type { TinyParts } from "../../toy/tiny_gguf.ts";
import { type Line, type Parts, u32 } from "../gguf/_file.ts";

/** Changes the parts of the tiny model's file, or returns the bytes of another. */
export type Change = (tiny: TinyParts) => Parts | Uint8Array<ArrayBuffer>;

/** A file, and whether it is served. */
export interface FileCase {
  /** What is odd about it. */
  name: string;
  file: Change;
  /** A part of the refusal; a file without one writes the tiny model's text. */
  refused?: string;
}

/** A file that must be refused with these words. */
export function refused(
  name: string,
  reason: string,
  file: Change,
): FileCase {
  return { name, file, refused: reason };
}

/** A file that must write the tiny model's text. */
export function served(name: string, file: Change): FileCase {
  return { name, file };
}

/** Sets an entry of the metadata. */
export function entry(key: string, ...value: Uint8Array[]): Change {
  return (tiny) => ({
    ...tiny,
    entries: [...tiny.entries.filter(([k]) => k !== key), [key, ...value]],
  });
}

/** Removes an entry of the metadata. */
export function withoutEntry(key: string): Change {
  return (tiny) => ({
    ...tiny,
    entries: tiny.entries.filter(([k]) => k !== key),
  });
}

/** Changes an entry of the directory. */
export function tensor(name: string, change: Partial<Line>): Change {
  return (tiny) => ({
    ...tiny,
    lines: tiny.lines.map((line) =>
      line.name === name ? { ...line, ...change } : line
    ),
  });
}

/** Adds a tensor of 32-bit numbers. */
export function extraTensor(name: string, numbers: number[]): Change {
  return ({ entries, lines, data }) => {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    const room = Math.ceil(bytes.length / 32) * 32;
    const all = new Uint8Array(data.length + room);
    all.set(data);
    all.set(bytes, data.length);
    const line = { name, dims: [numbers.length], type: 0, offset: data.length };
    return { entries, lines: [...lines, line], data: all };
  };
}

/** Overwrites the first bytes of a tensor. */
export function damaged(name: string, bytes: number[]): Change {
  return ({ entries, lines, data }) => {
    const changed = data.slice();
    changed.set(bytes, lines.find((line) => line.name === name)!.offset);
    return { entries, lines, data: changed };
  };
}

/** Encodes the type and value of a number, with its setter in a `DataView`. */
export function numberValue(
  type: number,
  bytes: number,
  set: (view: DataView) => void,
): Uint8Array {
  const out = new Uint8Array(4 + bytes);
  out.set(u32(type));
  set(new DataView(out.buffer, 4));
  return out;
}
