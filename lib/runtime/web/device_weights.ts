/**
 * Keeps the weights of a model on the device, once for all of its graphs.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { Tensor } from "onnxruntime-web/jspi";
import { type FileTensor, gpuGraph } from "../../../models/graph/gpu_graph.ts";
import type { NamedTensors } from "../backend.ts";

/** A graph whose weights are inputs. */
export interface FedGraph {
  model: Uint8Array;
  weights: NamedTensors;
}

/** The weights of the folders that graphs were opened from. */
export class DeviceWeights {
  readonly #device: GPUDevice;
  readonly #folders = new Map<string, NamedTensors>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Reads a graph, and those of its weights that are not on the device yet. */
  async read(path: string): Promise<FedGraph> {
    const folder = dirname(path);
    const fuse = !await updatesGates(folder);
    const file = await Deno.readFile(path);
    const { model, weights } = await gpuGraph(file, { fuse });
    const known = this.#folders.get(folder) ?? {};
    this.#folders.set(folder, known);
    using stored = await Deno.open(join(folder, "weights.bin"));
    for (const weight of weights) {
      known[weight.name] ??= await this.#upload(stored, weight);
    }
    const names = weights.map(({ name }) => name);
    return {
      model,
      weights: Object.fromEntries(names.map((name) => [name, known[name]])),
    };
  }

  async #upload(
    file: Deno.FsFile,
    { type, dims, offset, length }: FileTensor,
  ): Promise<Tensor> {
    const buffer = this.#device.createBuffer({
      size: Math.ceil(length / 16) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC |
        GPUBufferUsage.COPY_DST,
      mappedAtCreation: true,
    });
    const bytes = new Uint8Array(buffer.getMappedRange(), 0, length);
    await file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < length;) {
      const read = await file.read(bytes.subarray(at));
      if (read === null) {
        throw new Deno.errors.UnexpectedEof(
          `Cannot read weights: ${length} bytes are required: received ${at}`,
        );
      }
      at += read;
    }
    buffer.unmap();
    return Tensor.fromGpuBuffer(buffer, { dataType: type, dims });
  }
}

/** Returns whether an adapter updates what feeds the function of a feed-forward network. */
async function updatesGates(folder: string): Promise<boolean> {
  const directory = await Deno.readTextFile(join(folder, "weights.json"));
  return Object.keys(JSON.parse(directory))
    .some((name) => name.endsWith(".ffn_gate_up.a"));
}
