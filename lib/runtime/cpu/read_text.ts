/**
 * Has a body read a text on native CPU kernels, for what it tells of its inputs.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import { UNTRAINED } from "../../../models/adapter/adapter.ts";
import { Embedding } from "../../../models/embedding.ts";
import type {
  LargestInputs,
  MeasurableBody,
} from "../../../models/graph/quantize/largest_inputs.ts";
import { chain } from "../../bita/tree/tree.ts";
import { bodyInputs } from "../body/inputs.ts";
import { cpuBackend } from "./cpu_backend.ts";
import { OrtSequence } from "../ort_sequence.ts";

/** Rows of a pass. */
const ROWS = 64;

/** How the text is read. */
interface ReadOptions {
  tokens: Int32Array;
  /** Threads that compute. */
  threads: number;
  /** Is called with each share of the text that was read. */
  onShare: (share: number) => void;
}

/** Reads the text in whole passes; what is left after these is not read. */
export async function readText(
  { folder, config, embedding: packed, sizes }: MeasurableBody,
  { tokens, threads, onShare }: ReadOptions,
): Promise<LargestInputs> {
  const backend = cpuBackend(threads);
  try {
    const session = await backend.createSession(`${folder}/body.onnx`);
    using embedding = Embedding.open({ config, embedding: packed });
    const slots = tokens.length + ROWS;
    const sequence = new OrtSequence({
      ...{ config, embedding, adapter: UNTRAINED, prompt: tokens },
      kv: backend.createKvBuffer(config, { slots, most: slots }),
      context: tokens.length,
    });
    const outputs = Object.fromEntries([...sizes].map(([name, size]) => [
      `largest.${name}`,
      new Tensor("float32", new Float32Array(size), [1, 1, size]),
    ]));
    const largest = new Map([...sizes].map(([name, size]) => [
      name,
      new Float32Array(size),
    ]));
    const passes = Math.floor(tokens.length / ROWS);
    for (let pass = 0; pass < passes; pass++) {
      const start = pass * ROWS;
      const { feeds, kv } = bodyInputs({
        steps: [{
          sequence,
          start,
          tokens: tokens.subarray(start, start + ROWS),
          parents: chain(ROWS - 1),
          read: [],
        }],
        ...{ lanes: 1, rows: ROWS, gated: false, folded: false },
      }, {
        ...config,
        softPrompt: 0,
        minRows: ROWS,
        idle: () => sequence,
      });
      await session.run(feeds, outputs, kv);
      for (const [name, most] of largest) {
        const { data } = outputs[`largest.${name}`];
        for (let i = 0; i < most.length; i++) {
          most[i] = Math.max(most[i], data[i] as number);
        }
      }
      onShare(1 / passes);
    }
    sequence.close();
    return largest;
  } finally {
    await backend.close();
  }
}
