/**
 * The model port on ONNX Runtime: rows of a pass become tensors, and back.
 *
 * @module
 */

import { Tensor } from "onnxruntime-common";
import type { Adapter } from "../../models/adapter/adapter.ts";
import type { LlamaConfig } from "../../models/architectures/llama.ts";
import type { Embedding } from "../../models/embedding.ts";
import type { Model, Pass, Sequence } from "../bita/decode/model.ts";
import { meanEmbedding } from "./mean_embedding.ts";
import type { Backend, KvBuffer, Session } from "./backend.ts";
import { attentionBias } from "./attention_bias.ts";
import { maskGate } from "./mask_gate.ts";
import { HydraChain } from "./hydra_chain.ts";
import { rotaryRow } from "./rotary.ts";
import { Scratch } from "./scratch.ts";

/** What a model is joined from. */
export interface OrtModelParts {
  backend: Backend;
  body: Session;
  head: Session;
  /** The body for passes with mask rows, if the adapter has updates for them. */
  drafting?: Session;
  /** A step of the Hydra head, if the adapter has one. */
  hydra?: Session;
  config: LlamaConfig;
  embedding: Embedding;
  adapter: Adapter;
  /** Tokens that a text may have. */
  context: number;
}

/** KV buffers kept for later sequences, so that a rush does not hold memory on. */
const MOST_IDLE = 2;

/** Runs passes on one backend, a sequence in each KV buffer. */
export class OrtModel implements Model {
  readonly vocab: number;
  readonly masks: number;
  readonly prompts: number;
  readonly maxRows: number;
  readonly draftVocab?: Int32Array;
  readonly context: number;
  readonly parts: OrtModelParts;
  /** Slots of a KV buffer; the last pass may reach past the context. */
  readonly slots: number;
  /** KV buffers that no sequence uses now. */
  readonly idle: KvBuffer[] = [];

  constructor(parts: OrtModelParts) {
    const { backend, config, adapter, context } = parts;
    this.parts = parts;
    this.vocab = config.vocab;
    this.masks = adapter.masks;
    this.prompts = adapter.prompts;
    this.maxRows = backend.rows.max;
    if (adapter.hydra) this.draftVocab = adapter.hydra.vocab;
    this.context = context;
    this.slots = adapter.prompts + context + backend.rows.max;
  }

  open(prompt: Int32Array): OrtSequence {
    return new OrtSequence(this, prompt);
  }

  /** Takes an idle KV buffer, or makes one; its prompts are in place. */
  takeBuffer(): KvBuffer {
    const { backend, config, adapter } = this.parts;
    const idle = this.idle.pop();
    if (idle) return idle;
    const buffer = backend.createKvBuffer({ ...config, slots: this.slots });
    if (adapter.prompts > 0) buffer.write(adapter.prompts, adapter.promptKv);
    return buffer;
  }

  /** Keeps a KV buffer for the next sequence, unless enough are kept. */
  giveBack(buffer: KvBuffer): void {
    if (this.idle.length < MOST_IDLE) this.idle.push(buffer);
    else buffer.close();
  }
}

/** One text in its KV buffer, which may be read and set. */
export class OrtSequence implements Sequence {
  #model: OrtModel;
  #kv: KvBuffer;
  /** `[masks, dim]` */
  #maskEmbeddings: Float32Array;
  /** `[slots, headDim / 2]`, the angles of each slot's position. */
  #cos: Float32Array;
  #sin: Float32Array;
  /** What the body gave for the rows of the last pass. */
  #last: Partial<Record<"hidden" | "inputs", Tensor | undefined>> = {};
  #chain: HydraChain | undefined;
  #scratch = new Scratch();

  constructor(model: OrtModel, prompt: Int32Array) {
    const { config, adapter, embedding } = model.parts;
    this.#model = model;
    this.#kv = model.takeBuffer();
    this.#maskEmbeddings = adapter.maskEmbeddings ??
      meanEmbedding(prompt, embedding, { masks: adapter.masks, ...config });
    this.#cos = new Float32Array(model.slots * config.headDim / 2);
    this.#sin = new Float32Array(model.slots * config.headDim / 2);
  }

  async forward(pass: Pass): Promise<void> {
    const { backend, config, body, drafting: updating } = this.#model.parts;
    const masked = pass.tokens.some((token) => token < 0);
    const drafting = masked ? updating : undefined;
    const half = config.headDim / 2;
    const rows = Math.max(pass.tokens.length, backend.rows.min);
    const total = pass.start + rows;
    const embeddings = new Float32Array(rows * config.dim);
    this.#embed(pass.tokens, embeddings);
    this.#turn(pass);
    const bias = attentionBias(pass, { rows, prompts: this.#model.prompts });
    const angles = [total, half];
    const { past, present } = this.#kv.bind(total);
    const outputs = await (drafting ?? body).run({
      ...past,
      embeddings: new Tensor("float32", embeddings, [1, rows, config.dim]),
      bias: new Tensor("float32", bias, [1, 1, rows, total]),
      seqlens_k: new Tensor("int32", Int32Array.of(total - 1), [1]),
      total: new Tensor("int32", Int32Array.of(total), []),
      cos: new Tensor("float32", this.#cos.subarray(0, total * half), angles),
      sin: new Tensor("float32", this.#sin.subarray(0, total * half), angles),
      ...(drafting && { gate: maskGate(pass, rows) }),
    }, { ...present, ...this.#places(rows) });
    this.#kv.keep(outputs);
    this.#forget();
    this.#last = { hidden: outputs.hidden, inputs: outputs.inputs };
  }

  async logits(rows: ArrayLike<number>): Promise<Float32Array> {
    const { backend, config, head } = this.#model.parts;
    const chosen = new BigInt64Array(Math.max(rows.length, backend.rows.min));
    for (let i = 0; i < rows.length; i++) chosen[i] = BigInt(rows[i]);
    const { logits } = await head.run({
      hidden: this.#last.hidden!,
      chosen: new Tensor("int64", chosen, [chosen.length]),
    }, { logits: this.#output("logits", [1, chosen.length, config.vocab]) });
    const size = rows.length * config.vocab;
    return (await backend.download(logits)).subarray(0, size);
  }

  follow(token: number, row?: number): Promise<Float32Array> {
    const { config: { dim }, hydra, ...parts } = this.#model.parts;
    this.#chain ??= new HydraChain({
      ...parts,
      hydra: hydra!,
      scratch: this.#scratch,
      dim,
      words: this.#model.draftVocab!.length,
    });
    if (row === undefined) return this.#chain.follow(token);
    const { hidden, inputs } = this.#last;
    return this.#chain.follow(token, { states: hidden!, inputs, row });
  }

  /** Reads keys and values of slots, in the layout of {@linkcode KvBuffer}. */
  readKv(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#kv.read(slots, options);
  }

  /** Sets keys and values of slots. */
  writeKv(
    slots: number,
    data: Float32Array<ArrayBuffer>,
    options?: { from?: number },
  ): void {
    this.#kv.write(slots, data, options);
  }

  close(): void {
    this.#forget();
    this.#chain?.close();
    this.#model.giveBack(this.#kv);
  }

  /** Names what the body gives besides keys and values. */
  #places(rows: number): Record<string, Tensor | null> {
    const { config: { dim }, adapter } = this.#model.parts;
    const hidden = this.#output("hidden", [1, rows, dim]);
    const size = dim * (adapter.hydra?.layers.length ?? 0);
    if (size === 0) return { hidden };
    return { hidden, inputs: this.#output("inputs", [1, rows, size]) };
  }

  /** Gives the memory of the last pass's rows back. */
  #forget(): void {
    for (const rows of Object.values(this.#last)) rows?.dispose();
  }

  /** Gives an output memory that the last one of its name no longer needs. */
  #output(name: string, dims: number[]): Tensor | null {
    const { inPlace } = this.#model.parts.backend;
    return inPlace ? this.#scratch.tensor(name, dims) : null;
  }

  #embed(tokens: Int32Array, out: Float32Array): void {
    const { embedding, config: { dim } } = this.#model.parts;
    for (const [row, token] of tokens.entries()) {
      const place = out.subarray(row * dim, (row + 1) * dim);
      if (token >= 0) embedding.lookUp(token, place);
      else {
        const mask = -1 - token;
        const from = this.#maskEmbeddings;
        place.set(from.subarray(mask * dim, (mask + 1) * dim));
      }
    }
  }

  /** Notes the angles of the slots that a pass fills. */
  #turn({ start, positions }: Pass): void {
    const { config } = this.#model.parts;
    const half = config.headDim / 2;
    for (const [row, position] of positions.entries()) {
      const from = (start + row) * half;
      rotaryRow(position, config, {
        cos: this.#cos.subarray(from, from + half),
        sin: this.#sin.subarray(from, from + half),
      });
    }
  }
}
