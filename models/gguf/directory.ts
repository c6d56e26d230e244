/**
 * Locates the tensors of a GGUF file and checks that each one is aligned, lies within
 * the file and overlaps no other.
 *
 * @module
 */

import type { Header, TensorLine } from "./header.ts";
import {
  TENSOR_TYPES,
  type TensorTypeName,
  tensorTypeName,
} from "./tensor_types.ts";

/** GGUF's default for `general.alignment`, in bytes. */
const DEFAULT_ALIGNMENT = 32;

/** Maximum alignment in bytes. */
const MAX_ALIGNMENT = 1 << 20;

/** A tensor of the file. */
export interface TensorInfo {
  name: string;
  /** How its numbers are stored. */
  type: TensorTypeName;
  /** Outermost dimension first: rows, then columns. */
  shape: number[];
  /** Bytes from the start of the file. */
  offset: number;
  byteLength: number;
}

/**
 * Locates the tensors of a file of `fileSize` bytes, by name.
 *
 * @throws {RangeError} if sizes or offsets contradict each other or the file size.
 * @throws {SyntaxError} if a type is unknown or a name is not unique.
 */
export function locateTensors(
  header: Header,
  fileSize: number,
): Map<string, TensorInfo> {
  const alignment = header.metadata["general.alignment"] ?? DEFAULT_ALIGNMENT;
  if (
    typeof alignment !== "number" || !Number.isInteger(alignment) ||
    alignment < 1 || alignment > MAX_ALIGNMENT ||
    (alignment & (alignment - 1)) !== 0
  ) {
    const rule =
      `general.alignment must be a power of two up to ${MAX_ALIGNMENT}`;
    throw refusal(RangeError, rule, alignment);
  }
  const dataStart = Math.ceil(header.length / alignment) * alignment;
  const tensors = new Map<string, TensorInfo>();
  for (const line of header.tensors) {
    if (tensors.has(line.name)) {
      const rule = "tensor names must be unique";
      throw refusal(SyntaxError, rule, JSON.stringify(line.name));
    }
    if (line.offset % alignment !== 0) {
      const rule =
        `tensor "${line.name}" must begin at a multiple of ${alignment}`;
      throw refusal(RangeError, rule, line.offset);
    }
    const tensor = measure(line, dataStart);
    const end = tensor.offset + tensor.byteLength;
    if (end > fileSize) {
      const rule = `tensor "${line.name}" must end within ${fileSize} bytes`;
      throw refusal(RangeError, rule, end);
    }
    tensors.set(line.name, tensor);
  }
  checkApart([...tensors.values()]);
  return tensors;
}

/** Computes a tensor's size; an inexact product is larger than any file. */
function measure(line: TensorLine, dataStart: number): TensorInfo {
  const type = tensorTypeName(line.type);
  if (type === undefined) {
    const known = Object.keys(TENSOR_TYPES).join(", ");
    const rule = `tensor "${line.name}" must have one of the types ${known}`;
    throw refusal(SyntaxError, rule, `type ${line.type}`);
  }
  const { values, bytes } = TENSOR_TYPES[type];
  const columns = line.dims[0];
  if (columns % values !== 0) {
    const rule =
      `columns of tensor "${line.name}" must be a multiple of ${values}`;
    throw refusal(RangeError, rule, columns);
  }
  if (line.dims.includes(0)) {
    const rule = `dimensions of tensor "${line.name}" must be positive`;
    throw refusal(RangeError, rule, line.dims.join("×"));
  }
  return {
    name: line.name,
    type,
    shape: line.dims.toReversed(),
    offset: dataStart + line.offset,
    byteLength: line.dims.reduce((a, b) => a * b) / values * bytes,
  };
}

function checkApart(tensors: TensorInfo[]): void {
  tensors.sort((a, b) => a.offset - b.offset);
  for (const [i, tensor] of tensors.slice(1).entries()) {
    const before = tensors[i];
    if (tensor.offset < before.offset + before.byteLength) {
      const rule = `tensor "${tensor.name}" must begin after "${before.name}"`;
      throw refusal(RangeError, rule, tensor.offset);
    }
  }
}

function refusal(
  kind: ErrorConstructor,
  rule: string,
  received: unknown,
): Error {
  return new kind(`Cannot read a GGUF file: ${rule}: received ${received}`);
}
