/**
 * All that can change a bit of a key or value on this host, in one name.
 *
 * Hosts of one name share what they have computed. What a processor is called says
 * little of its kernels, so the name holds the bits of a pass instead.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { env } from "onnxruntime-common";
import type { Artefact } from "../../models/artefact.ts";
import { uniform } from "../bita/choose/random.ts";
import type { KvSequence, Model } from "../bita/decode/model.ts";
import type { BackendName } from "./backend.ts";
import { kvBytes, type KvShape } from "./kv/kv_layout.ts";

/** How a model runs. */
export interface RunningModel {
  artefact: Artefact;
  backend: BackendName;
  threads: number;
  model: ProbedModel;
}

/** A model whose sequences can be filled. */
type ProbedModel = Pick<Model, "shape" | "run"> & {
  open(prompt: Int32Array, options: { tokens: number }): KvSequence;
};

/** Increased whenever passes get other bits from the same kernels. */
const PASSES_VERSION = 2;

/** Names a model as it runs here, in 32 hex digits. */
export async function fingerprint(
  { artefact, backend, threads, model }: RunningModel,
): Promise<string> {
  const all = [
    env.versions.common,
    PASSES_VERSION,
    artefact.digest,
    basename(artefact.folder), // format and converter
    backend,
    threads,
    model.shape.softPrompt,
    await probe(model, artefact.config),
  ];
  const hash = createHash("sha256").update(JSON.stringify(all));
  return hash.digest("hex").slice(0, 32);
}

/** Slots that are filled at once. */
const BLOCK = 64;

/**
 * Blocks before the rows of the probe: kernels cut long texts by the size of their
 * caches, so that short ones would tell too little.
 */
const BLOCKS = 20;

/** Numbers after which those of the text repeat: a prime, so that no two slots are equal. */
const PERIOD = 4099;

/** The most memory that the probe's text may take. */
const MOST_BYTES = 64 * 2 ** 20;

/** Hashes the logits, keys and values of two rows after a text of arbitrary numbers. */
async function probe(model: ProbedModel, shape: KvShape): Promise<string> {
  const blockBytes = kvBytes(shape, BLOCK);
  const blocks = Math.min(BLOCKS, Math.ceil(MOST_BYTES / blockBytes));
  const text = new Int32Array(BLOCK * blocks);
  const sequence = model.open(text, { tokens: text.length + 2 });
  try {
    const block = new Float32Array(blockBytes / 4);
    const some = block.subarray(0, PERIOD);
    for (let i = 0; i < some.length; i++) some[i] = 2 * uniform(0, i) - 1;
    for (let i = PERIOD; i < block.length; i *= 2) block.copyWithin(i, 0, i);
    for (let i = 0; i < blocks; i++) {
      sequence.writeKv(BLOCK, block, {
        from: model.shape.softPrompt + i * BLOCK,
      });
    }
    const start = model.shape.softPrompt + text.length;
    sequence.length = start;
    const [output] = await model.run([{
      sequence,
      start,
      tokens: Int32Array.of(1, 2),
      parents: Int32Array.of(-1, 0),
      read: [0, 1],
    }]);
    const hash = createHash("sha256");
    for (const row of output.logits) hash.update(row);
    hash.update(await sequence.readKv(2, { from: start }));
    output.release();
    return hash.digest("hex");
  } finally {
    sequence.close();
  }
}
