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
 * Signed bytes become unsigned ones where the processor requires it
 * (`models/graph/quantize/whole_numbers.ts`).
 *
 * @module
 */

import { basename, dirname } from "node:path";
import type { StoredTensor } from "../../../models/graph/weights_file.ts";
import { mapFile } from "./map_file.ts";
import type { NativeTensors } from "./native_tensors.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";

/** The highest bits of four bytes: what a signed byte and that byte plus 128 differ in. */
const HIGHEST_BITS = 0x80808080;

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
 * @param options.unsigned whether signed bytes are to be unsigned ones.
 */
export function openSharedWeights(
  api: OnnxCApi,
  tensors: NativeTensors,
  folder: string,
  { unsigned = false } = {},
): SharedWeights {
  const file = mapFile(`${folder}/weights.bin`);
  const changed: Uint8Array<ArrayBuffer>[] = [];
  const values = Object.entries(readDirectory(folder)).map(
    ([name, { type: stored, dims, offset, length }]) => {
      const changes = unsigned && stored === "int8";
      const type = changes ? "uint8" : stored;
      let data = file.bytes.subarray(offset, offset + length);
      if (changes && isPacked(dims)) changed.push(data);
      else if (changes) toUnsigned(data = data.slice());
      const value = tensors.value({ type, dims, data });
      return { name: cString(name), value, data };
    },
  );
  const packed = new Map<string, Deno.PointerValue>();
  let isChanged = false, lent = 0;
  return {
    graph: (path) =>
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
      if (!isChanged) changed.forEach(toUnsigned);
      isChanged = true;
      try {
        return await open();
      } finally {
        // While others read changed pages, none may be dropped.
        if (--lent === 0 && file.drop()) isChanged = false;
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

/** Adds 128 to signed bytes. */
function toUnsigned({ buffer, byteOffset, length }: Uint8Array): void {
  const words = new Uint32Array(buffer, byteOffset, length >> 2);
  for (let i = 0; i < words.length; i++) words[i] ^= HIGHEST_BITS;
  const rest = length & 3;
  const bytes = new Uint8Array(buffer, byteOffset + length - rest, rest);
  for (let i = 0; i < rest; i++) bytes[i] ^= 0x80;
}
