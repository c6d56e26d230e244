/**
 * Writes small GGUF files, right or deliberately wrong.
 *
 * @module
 */

import { assertRejects } from "@std/assert";
import { type Gguf, openGguf } from "../../../models/gguf/reader.ts";

/** A metadata entry: its key, then the bytes of its type and value. */
export type Entry = [key: string, ...parts: Uint8Array[]];

/** A line of the tensor directory. */
export interface Line {
  name: string;
  /** Innermost dimension first. */
  dims: number[];
  type: number;
  /** Bytes from the start of the data. */
  offset: number;
}

/** What a file is made of; counts follow from the lists unless given. */
export interface Parts {
  magic?: string;
  version?: number;
  entries?: Entry[];
  lines?: Line[];
  entryCount?: number | bigint;
  lineCount?: number | bigint;
  data?: Uint8Array;
}

/** Gives the bytes of a file of these parts, data aligned to 32 bytes. */
export function ggufFile(parts: Parts): Uint8Array<ArrayBuffer> {
  const { entries = [], lines = [], data = new Uint8Array() } = parts;
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
  return concat(head, new Uint8Array(-head.length & 31), data);
}

/** Sets byte arrays one behind the other. */
export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** An unsigned 32-bit integer. */
export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

/** An unsigned 64-bit integer. */
export function u64(value: number | bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

/** A string with its length before it. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return concat(u64(bytes.length), bytes);
}

/** The type and value of a string entry. */
export function textValue(value: string): Uint8Array {
  return concat(u32(8), text(value));
}

/** The type and value of an entry that is an array of strings. */
export function textsValue(values: string[]): Uint8Array {
  return concat(u32(9), u32(8), u64(values.length), ...values.map(text));
}

/** The type and value of an unsigned 32-bit entry. */
export function u32Value(value: number): Uint8Array {
  return concat(u32(4), u32(value));
}

/** Two tensors of 64 bytes: F32 `[2, 8]`, then F16 `[32]`. */
export const LINES: Line[] = [
  { name: "first", dims: [8, 2], type: 0, offset: 0 },
  { name: "second", dims: [32], type: 1, offset: 64 },
];

/** Opens a file of these bytes. */
export async function open(bytes: Uint8Array): Promise<Gguf> {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, bytes);
    return await openGguf(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Expects that a file of these parts is refused, for the reason given. */
export async function assertRefused(
  parts: Parts,
  kind: new () => Error,
  reason: string,
): Promise<void> {
  await assertRejects(() => open(ggufFile(parts)), kind, reason);
}
