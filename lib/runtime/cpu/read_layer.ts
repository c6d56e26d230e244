/**
 * Has one layer of a model read a text on native CPU kernels, for what goes into its
 * linears.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import { UNTRAINED } from "../../../models/adapter/adapter.ts";
import type { ReadableLayer } from "../../../models/graph/quantize/layer_inputs.ts";
import { chain } from "../../bita/tree/tree.ts";
import type { NamedTensors } from "../backend.ts";
import { bodyInputs } from "../body/inputs.ts";
import { OrtSequence } from "../ort_sequence.ts";
import { cpuBackend } from "./cpu_backend.ts";

/** Tokens of a pass. */
const ROWS = 64;

/** Reads the text; at most 63 tokens at its end are left as they are. */
export async function readLayer(
  { folder, config, sizes, stream, look }: ReadableLayer,
  { threads }: { threads: number },
): Promise<void> {
  const { dim } = config;
  const rowsOf = (start: number, count: number) =>
    stream.subarray(start * dim, (start + count) * dim);
  const backend = cpuBackend(threads);
  try {
    const session = await backend.createSession(`${folder}/body.onnx`);
    const tokens = Int32Array.from(
      { length: stream.length / dim },
      (_, i) => i,
    );
    const slots = tokens.length;
    const sequence = new OrtSequence({
      config,
      adapter: UNTRAINED,
      prompt: tokens,
      context: slots,
      embedding: { check() {}, lookUp: (i, out) => out.set(rowsOf(i, 1)) },
      kv: backend.createKvBuffer(config, { slots, most: slots }),
    });
    const outputs: NamedTensors = { stream: zeros([1, ROWS, dim]) };
    for (const [name, size] of sizes) {
      outputs[`input.${name}`] = zeros([1, ROWS, size]);
    }
    for (let start = 0; start + ROWS <= slots; start += ROWS) {
      const { feeds, kv } = bodyInputs({
        steps: [{
          sequence,
          start,
          read: [],
          parents: chain(ROWS - 1),
          tokens: tokens.subarray(start, start + ROWS),
        }],
        lanes: 1,
        rows: ROWS,
        gated: false,
        folded: false,
      }, { ...config, softPrompt: 0, minRows: ROWS, idle: () => sequence });
      await session.run(feeds, outputs, kv);
      rowsOf(start, ROWS).set(outputs.stream.data as Float32Array);
      for (const name of sizes.keys()) {
        look(name, outputs[`input.${name}`].data as Float32Array);
      }
    }
    sequence.close();
  } finally {
    await backend.close();
  }
}

function zeros(dims: number[]): Tensor {
  const length = dims.reduce((product, size) => product * size);
  return new Tensor("float32", new Float32Array(length), dims);
}
