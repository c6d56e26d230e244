/**
 * The weights of a model in memory once, whichever of its graphs read them.
 *
 * Each session packs the weights for its kernels. Given the same initializers and a
 * container of packed ones, sessions share both. The container allocates each matrix by
 * itself. The tasks in deno.json set glibc's `hugetlb=1` and `arena_max=1`, which put
 * all of them into huge pages; without these a pass takes 5 % longer.
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
  /** What sessions have packed. */
  packed: Deno.PointerValue;
  /** Drops the pages that packing has read. */
  drop(): void;
}

/** Opens the weights in an artefact's folder for as long as the process runs. */
export function openSharedWeights(
  api: OnnxCApi,
  tensors: NativeTensors,
  folder: string,
): SharedWeights {
  const directory: Record<string, StoredTensor> = JSON.parse(
    Deno.readTextFileSync(`${folder}/weights.json`),
  );
  const { bytes, drop } = mapFile(`${folder}/weights.bin`);
  const values = Object.entries(directory).map(
    ([name, { type, dims, offset, length }]) => {
      const data = bytes.subarray(offset, offset + length);
      return {
        name: cString(name),
        value: tensors.value({ type, dims, data }),
      };
    },
  );
  return {
    addTo(options) {
      for (const { name, value } of values) {
        api.check(api.addInitializer.call(options, name, value));
      }
    },
    packed: made((out) => api.check(api.createPrepackedWeights.call(out))),
    drop,
  };
}
