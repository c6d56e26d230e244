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
 * Signed bytes that are stored for another kind of processor are shifted in memory, until
 * they are packed (`models/graph/quantize/whole_numbers.ts`).
 *
 * @module
 */

import { basename, dirname } from "node:path";
import {
  shift,
  type StoredTensor,
} from "../../../models/graph/weights_file.ts";
import { mapFile } from "./map_file.ts";
import type { NativeTensors } from "./native_tensors.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";

/** Weights that sessions are created with. */
export interface SharedWeights {
  /** Returns which file has a graph for these weights. */
  graph(path: string): string;
  /** Adds all tensors to a session's options. */
  addTo(options: Deno.PointerValue): void;
  /** Returns what sessions of a graph have packed; bodies have the same matrices. */
  packedFor(graph: string): Deno.PointerValue;
  /** Opens a session with them, and drops the pages that packing has read. */
  lend<T>(open: () => Promise<T>): Promise<T>;
  /** Frees them; all sessions that have them must be closed. */
  close(): void;
}

/** Returns where the weights in a folder are, by name. */
export function readDirectory(folder: string): Record<string, StoredTensor> {
  return JSON.parse(Deno.readTextFileSync(`${folder}/weights.json`));
}

/**
 * Opens the weights in an artefact's folder.
 *
 * @param options.unsigned whether this processor requires that signed bytes are shifted.
 */
export function openSharedWeights(
  api: OnnxCApi,
  tensors: NativeTensors,
  folder: string,
  { unsigned = false } = {},
): SharedWeights {
  const file = mapFile(`${folder}/weights.bin`);
  const toShift: Uint8Array<ArrayBuffer>[] = [];
  let isOther = false;
  const values = Object.entries(readDirectory(folder)).map(
    ([name, { type: stored, shifted, dims, offset, length }]) => {
      let data = file.bytes.subarray(offset, offset + length);
      let type = stored;
      if (unsigned ? stored === "int8" : shifted) {
        isOther = true;
        type = unsigned ? "uint8" : "int8";
        if (isPacked(dims)) toShift.push(data);
        else shift(data = data.slice());
      }
      const value = tensors.value({ type, dims, data });
      // A value does not hold the memory of a slice.
      return { name: cString(name), value, data };
    },
  );
  const packed = new Map<string, Deno.PointerValue>();
  let isShifted = false, lent = 0;
  return {
    graph: (path) =>
      isOther ? `${dirname(path)}/shifted-${basename(path)}` : path,
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
      if (!isShifted) toShift.forEach(shift);
      isShifted = true;
      try {
        return await open();
      } finally {
        // While others read shifted pages, none may be dropped.
        if (--lent === 0 && file.drop()) isShifted = false;
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

/** Returns whether sessions read a tensor once, rather than in each run. */
function isPacked(dims: readonly number[]): boolean {
  return dims.length > 1;
}
