/**
 * The weights of a model in memory once, whichever of its graphs read them.
 *
 * Each session packs the weights for its kernels. Given the same initializers and a
 * container of packed ones, sessions share both. Sessions with the same container pack
 * one after the other, so those without common matrices have containers of their own. A
 * container allocates each matrix by itself. The tasks in deno.json set glibc's
 * `hugetlb=1` and `arena_max=1`, which put all of them into huge pages; without these a
 * pass takes 5 % longer.
 *
 * Where the processor requires it, signed bytes are unsigned ones until they are packed
 * (`models/graph/quantize/whole_numbers.ts`).
 *
 * @module
 */

import { basename, dirname } from "node:path";
import {
  type StoredTensor,
  toUnsigned,
} from "../../../models/graph/weights_file.ts";
import { mapFile } from "./map_file.ts";
import type { NativeTensors } from "./native_tensors.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";

/** Weights that sessions are created with. */
export interface SharedWeights {
  /** Returns the path of a graph's file for these weights. */
  graphPath(path: string): string;
  /** Adds all tensors to a session's options. */
  addTo(options: Deno.PointerValue): void;
  /** Returns what sessions of a graph have packed; bodies have the same matrices. */
  packedFor(graph: string): Deno.PointerValue;
  /** Opens a session with them, and drops the pages that packing has read. */
  lend<T>(open: () => Promise<T>): Promise<T>;
  /** Frees them; all sessions that have them must be closed. */
  close(): void;
}

/** What weights are opened with. */
interface WeightsOptions {
  api: OnnxCApi;
  tensors: NativeTensors;
  /** Returns whether this processor requires unsigned bytes. */
  clipsSums(folder: string): Promise<boolean>;
}

/** Opens the weights in an artefact's folder. */
export async function openSharedWeights(
  folder: string,
  { api, tensors, clipsSums }: WeightsOptions,
): Promise<SharedWeights> {
  const directory: Record<string, StoredTensor> = JSON.parse(
    Deno.readTextFileSync(`${folder}/weights.json`),
  );
  const stored = Object.entries(directory);
  const unsigned = stored.some(([, { type }]) => type === "int8") &&
    await clipsSums(folder);
  const file = mapFile(`${folder}/weights.bin`, { writable: unsigned });
  const toPack: Uint8Array<ArrayBuffer>[] = [];
  const values = stored.map(([name, { type: own, dims, offset, length }]) => {
    const changes = unsigned && own === "int8";
    const type = changes ? "uint8" : own;
    let data = file.bytes.subarray(offset, offset + length);
    // Such processors pack all matrices, and read what is none in each run.
    if (changes && dims.length > 1) toPack.push(data);
    else if (changes) toUnsigned(data = data.slice());
    const value = tensors.value({ type, dims, data });
    // A value does not hold the memory of a slice.
    return { name: cString(name), value, data };
  });
  const packed = new Map<string, Deno.PointerValue>();
  let isUnsigned = false, lent = 0;
  return {
    graphPath: (path) =>
      unsigned ? `${dirname(path)}/unsigned-${basename(path)}` : path,
    addTo(options) {
      for (const { name, value } of values) {
        api.check(api.addInitializer.call(options, name, value));
      }
    },
    packedFor(graph) {
      const key = graph.includes("body") ? "body" : graph;
      const known = packed.get(key);
      if (known) return known;
      const container = made((out) =>
        api.check(api.createPrepackedWeights.call(out))
      );
      packed.set(key, container);
      return container;
    },
    async lend(open) {
      lent++;
      try {
        if (!isUnsigned) toPack.forEach(toUnsigned);
        isUnsigned = true;
        return await open();
      } finally {
        // While others read changed pages, none may be dropped.
        if (--lent === 0 && file.drop()) isUnsigned = false;
      }
    },
    close() {
      for (const container of packed.values()) {
        api.releasePrepackedWeights.call(container);
      }
      tensors.release(values.map(({ value }) => value));
      file.close();
    },
  };
}
