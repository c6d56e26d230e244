/**
 * Builds small GGUF files, valid or deliberately invalid.
 *
 * @module
 */

import { assertRejects } from "@std/assert";
import { type Gguf, openGguf } from "../../../models/gguf/reader.ts";

/** A metadata entry: its key, then the bytes of its type and value. */
export type Entry = [key: string, ...parts: Uint8Array[]];

/** An entry of the tensor directory. */
export interface Line {
  name: string;
  /** Innermost dimension first. */
  dims: number[];
  type: number;
  /** Bytes from the start of the data. */
  offset: number;
}

/** The parts of a file; counts are the lengths of the lists by default. */
export interface Parts {
  magic?: string;
  version?: number;
  entries?: Entry[];
  lines?: Line[];
  entryCount?: number | bigint;
  lineCount?: number | bigint;
  data?: Uint8Array;
  /** Bytes that the data begins at a multiple of. @default 32 */
  alignment?: number;
}

/** Returns the bytes of a file. */
export function ggufFile(parts: Parts): Uint8Array<ArrayBuffer> {
  const { entries = [], lines = [], data = new Uint8Array() } = parts;
  const { alignment = 32 } = parts;
  const head = concat(
    new TextEncoder().encode(parts.magic ?? "GGUF"),
    u32(parts.version ?? 3),
    u64(parts.lineCount ?? lines.length),
    u64(parts.entryCount ?? entries.length),
    ...entries.flatMap(([key, ...value]) => [text(key), ...value]),
    ...lines.flatMap(({ name, dims, type, offset }) => [
      text(name),
      u32(dims.length),
      ...dims.map(u64),
      u32(type),
      u64(offset),
    ]),
  );
  return concat(head, new Uint8Array(-head.length & alignment - 1), data);
}

/** Concatenates byte arrays. */
export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Encodes an unsigned 32-bit integer. */
export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

/** Encodes an unsigned 64-bit integer. */
export function u64(value: number | bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

/** Encodes a string after its length. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return concat(u64(bytes.length), bytes);
}

/** Encodes the type and value of a string entry. */
export function textValue(value: string): Uint8Array {
  return concat(u32(8), text(value));
}

/** Encodes the type and value of an entry of strings. */
export function textsValue(values: string[]): Uint8Array {
  return concat(u32(9), u32(8), u64(values.length), ...values.map(text));
}

/** Encodes the type and value of an unsigned 32-bit entry. */
export function u32Value(value: number): Uint8Array {
  return concat(u32(4), u32(value));
}

/** Encodes the type and value of a 32-bit float entry. */
export function f32Value(value: number): Uint8Array {
  return concat(u32(6), new Uint8Array(Float32Array.of(value).buffer));
}

/** Encodes the type and value of an entry of signed 32-bit integers. */
export function i32sValue(values: number[]): Uint8Array {
  const bytes = new Uint8Array(Int32Array.from(values).buffer);
  return concat(u32(9), u32(5), u64(values.length), bytes);
}

/** Two tensors of 64 bytes: F32 `[2, 8]`, then F16 `[32]`. */
export const LINES: Line[] = [
  { name: "first", dims: [8, 2], type: 0, offset: 0 },
  { name: "second", dims: [32], type: 1, offset: 64 },
];

/** Opens a GGUF file with these bytes. */
export async function open(bytes: Uint8Array): Promise<Gguf> {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, bytes);
    return await openGguf(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Expects that a file of these parts is refused for `reason`. */
export async function assertRefused(
  parts: Parts,
  kind: new () => Error,
  reason: string,
): Promise<void> {
  await assertRejects(() => open(ggufFile(parts)), kind, reason);
}
