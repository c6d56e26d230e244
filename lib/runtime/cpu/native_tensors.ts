/**
 * Typed arrays as values of the C interface, without a copy.
 *
 * @module
 */

import type { Tensor } from "onnxruntime-common";
import {
  DEFAULT_MEMORY,
  DEVICE_ALLOCATOR,
  made,
  type OnnxCApi,
} from "./onnx_c_api.ts";

/** ONNX's numbers of the element types in use. */
const ELEMENT: Partial<Record<Tensor.Type, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
};

/** Addresses as the C interface reads them. */
export type Addresses = BigUint64Array<ArrayBuffer>;

/** A tensor's memory; it must outlive the value. */
export interface TensorMemory {
  type: Tensor.Type;
  dims: readonly number[];
  data: Tensor["data"];
}

/** Makes values of tensors. */
export class NativeTensors {
  readonly #api: OnnxCApi;
  readonly #memory: Deno.PointerValue;
  readonly #lists = new WeakMap<readonly Tensor[], Addresses>();
  /** The values of all lists that are in use. */
  readonly #kept = new Set<readonly Deno.PointerValue[]>();
  readonly #forgotten = new FinalizationRegistry<Deno.PointerValue[]>(
    (values) => {
      if (this.#kept.delete(values)) this.release(values);
    },
  );

  constructor(api: OnnxCApi) {
    this.#api = api;
    this.#memory = made((out) =>
      api.check(
        api.createCpuMemoryInfo.call(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out),
      )
    );
  }

  /** Makes a value, which must be released. */
  value({ type, dims, data }: TensorMemory): Deno.PointerValue {
    const bytes = data as Float32Array<ArrayBuffer>;
    const sizes = BigInt64Array.from(dims, BigInt);
    return made((out) =>
      this.#api.check(this.#api.createTensorWithData.call(
        this.#memory,
        bytes,
        BigInt(bytes.byteLength),
        sizes,
        BigInt(sizes.length),
        ELEMENT[type]!,
        out,
      ))
    );
  }

  /** Returns the values of a list that many runs have, made once and kept as long. */
  addresses(list: readonly Tensor[]): Addresses {
    const known = this.#lists.get(list);
    if (known) return known;
    const values = list.map((tensor) => this.value(tensor));
    const addresses = toAddresses(values);
    this.#lists.set(list, addresses);
    this.#kept.add(values);
    this.#forgotten.register(list, values);
    return addresses;
  }

  /** Releases the values of all lists; none can be made then. */
  close(): void {
    for (const values of this.#kept) this.release(values);
    this.#kept.clear();
    this.#api.releaseMemoryInfo.call(this.#memory);
  }

  /** Releases values. */
  release(values: readonly Deno.PointerValue[]): void {
    for (const value of values) this.#api.releaseValue.call(value);
  }
}

/** Returns pointers as numbers in a row. */
export function toAddresses(pointers: readonly Deno.PointerValue[]): Addresses {
  return BigUint64Array.from(
    pointers,
    (pointer) => Deno.UnsafePointer.value(pointer),
  );
}
