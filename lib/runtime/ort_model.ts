/**
 * The model port on ONNX Runtime: rows of a pass become tensors, and back.
 *
 * @module
 */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { LlamaConfig } from "../../models/architecture.ts";
import type { Artefact } from "../../models/artefact.ts";
import { Embedding } from "../../models/embedding.ts";
import type { Model, Pass, Sequence } from "../bita/model.ts";
import type { Backend, KvBuffer, NamedTensors } from "./backend.ts";
import { rotaryRow } from "./rotary.ts";

/** What a model is joined from. */
interface OrtModelParts {
  backend: Backend;
  body: InferenceSession;
  head: InferenceSession;
  config: LlamaConfig;
  embedding: Embedding;
  /** Tokens that a text may have. */
  context: number;
}

/** Hides a column from a row: far below any score, yet finite. */
const HIDDEN = -1e4;

/** Runs passes on `backend`. */
function ortModel(parts: OrtModelParts): Model {
  const { backend, config, context } = parts;
  return {
    vocab: config.vocab,
    masks: 0,
    prompts: 0,
    maxRows: backend.rows.max,
    context,
    open: () => new OrtSequence(parts),
  };
}

class OrtSequence implements Sequence {
  #parts: OrtModelParts;
  #slots: number;
  #kv: KvBuffer;
  #cos: Float32Array;
  #sin: Float32Array;
  #hidden: Tensor | undefined;

  constructor(parts: OrtModelParts) {
    const { backend, config, context } = parts;
    this.#parts = parts;
    this.#slots = context + backend.rows.max;
    this.#kv = backend.createKvBuffer({ ...config, slots: this.#slots });
    this.#cos = new Float32Array(this.#slots * config.headDim / 2);
    this.#sin = new Float32Array(this.#slots * config.headDim / 2);
  }

  async forward(pass: Pass): Promise<void> {
    const { backend, config, embedding, body } = this.#parts;
    const { Tensor } = backend;
    const { start, tokens, positions } = pass;
    const { dim } = config;
    const half = config.headDim / 2;
    const rows = Math.max(tokens.length, backend.rows.min);
    const total = start + rows;
    const embeddings = new Float32Array(rows * dim);
    for (let row = 0; row < tokens.length; row++) {
      embedding.lookUp(
        tokens[row],
        embeddings.subarray(row * dim, (row + 1) * dim),
      );
      rotaryRow(positions[row], config, {
        cos: this.#cos.subarray((start + row) * half, (start + row + 1) * half),
        sin: this.#sin.subarray((start + row) * half, (start + row + 1) * half),
      });
    }
    const { past, present } = this.#kv.bind(total);
    const outputs = await body.run({
      ...past,
      embeddings: new Tensor("float32", embeddings, [1, rows, dim]),
      bias: new Tensor("float32", bias(pass, rows), [1, 1, rows, total]),
      seqlens_k: new Tensor("int32", Int32Array.of(total - 1), [1]),
      total: new Tensor("int32", Int32Array.of(total), []),
      cos: new Tensor("float32", this.#cos, [this.#slots, half]),
      sin: new Tensor("float32", this.#sin, [this.#slots, half]),
    }, { ...present, hidden: null });
    this.#kv.keep(outputs as NamedTensors);
    this.#hidden?.dispose();
    this.#hidden = outputs.hidden as Tensor;
  }

  async logits(rows: ArrayLike<number>): Promise<Float32Array> {
    const { backend, config, head } = this.#parts;
    const { Tensor } = backend;
    const chosen = new BigInt64Array(Math.max(rows.length, backend.rows.min));
    for (let i = 0; i < rows.length; i++) chosen[i] = BigInt(rows[i]);
    const { logits } = await head.run({
      hidden: this.#hidden!,
      chosen: new Tensor("int64", chosen, [chosen.length]),
    });
    const data = await backend.download(logits as Tensor);
    return data.subarray(0, rows.length * config.vocab);
  }

  read(slots: number): Promise<Float32Array> {
    return this.#kv.read(slots);
  }

  close(): void {
    this.#hidden?.dispose();
    this.#kv.dispose();
  }
}

/** What a pass adds to its attention scores: `[rows, start + rows]`. */
function bias({ start, tokens, visible }: Pass, rows: number): Float32Array {
  const total = start + rows;
  const out = new Float32Array(rows * total);
  const count = tokens.length;
  for (let row = 0; row < count; row++) {
    const inner = out.subarray(row * total + start, (row + 1) * total);
    for (let column = 0; column < count; column++) {
      if (!visible[row * count + column]) inner[column] = HIDDEN;
    }
    inner.fill(HIDDEN, count);
  }
  return out;
}

/** Opens an artefact's graphs on `backend`. */
export async function openModel(
  backend: Backend,
  artefact: Artefact,
  { context }: { context: number },
): Promise<Model> {
  const [body, head, embedding] = await Promise.all([
    backend.createSession(`${artefact.folder}/body.onnx`),
    backend.createSession(`${artefact.folder}/head.onnx`),
    Embedding.open(artefact),
  ]);
  const { config } = artefact;
  return ortModel({ backend, body, head, config, embedding, context });
}
