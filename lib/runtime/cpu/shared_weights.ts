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
 * @module
 */

import type { StoredTensor } from "../../../models/graph/weights_file.ts";
import { mapFile } from "./map_file.ts";
import type { NativeTensors } from "./native_tensors.ts";
import { cString, made, type OnnxCApi } from "./onnx_c_api.ts";

/** Weights that sessions are created with. */
export interface SharedWeights {
  /** Adds all tensors to a session's options. */
  addTo(options: Deno.PointerValue): void;
  /** Returns what sessions of a graph have packed; bodies have the same matrices. */
  packedFor(graph: string): Deno.PointerValue;
  /** Drops the pages that packing has read. */
  drop(): void;
  /** Frees them; all sessions that have them must be closed. */
  close(): void;
}

/** Opens the weights in an artefact's folder. */
export function openSharedWeights(
  api: OnnxCApi,
  tensors: NativeTensors,
  folder: string,
): SharedWeights {
  const directory: Record<string, StoredTensor> = JSON.parse(
    Deno.readTextFileSync(`${folder}/weights.json`),
  );
  const file = mapFile(`${folder}/weights.bin`);
  const values = Object.entries(directory).map(
    ([name, { type, dims, offset, length }]) => {
      const data = file.bytes.subarray(offset, offset + length);
      return {
        name: cString(name),
        value: tensors.value({ type, dims, data }),
      };
    },
  );
  const packed = new Map<string, Deno.PointerValue>();
  return {
    addTo(options) {
      for (const { name, value } of values) {
        api.check(api.addInitializer.call(options, name, value));
      }
    },
    packedFor(graph) {
      const key = graph.startsWith("body") ? "body" : graph;
      const known = packed.get(key);
      if (known) return known;
      const container = made((out) =>
        api.check(api.createPrepackedWeights.call(out))
      );
      packed.set(key, container);
      return container;
    },
    drop: file.drop,
    close() {
      for (const container of packed.values()) {
        api.releasePrepackedWeights.call(container);
      }
      tensors.release(values.map(({ value }) => value));
      file.close();
    },
  };
}
