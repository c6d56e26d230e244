/**
 * What a backend is: ONNX Runtime on one kind of hardware.
 *
 * The rest of the room is the same for all of them; they differ in how a session
 * opens, where the KV buffer lives, and which pass widths give the same bits.
 *
 * @module
 */

import type { Tensor } from "onnxruntime-common";
import type { KvShape } from "./kv/kv_layout.ts";

/** The backends, the fastest kind of hardware first. */
export const BACKENDS = ["webgpu", "cpu", "wasm"] as const;

/** One of {@linkcode BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

/** Tensors by the names that the graph gives them. */
export type NamedTensors = Record<string, Tensor>;

/** Outputs by name, each with the tensor that it is written into, if it has one. */
export type Fetches = Record<string, Tensor | null>;

/** Keys and values of one sequence, on the hardware that computes them. */
export interface KvBuffer {
  /**
   * `[1, kvHeads, slots, headDim]` each, the keys of all layers before their values;
   * another list once the memory has moved.
   */
  readonly tensors: readonly Tensor[];
  /** Makes room for slots; what they hold stays. */
  reserve(slots: number): void;
  /** Takes over what a pass has written elsewhere; absent if it writes in place. */
  keep?(present: readonly Tensor[]): void;
  /**
   * Reads slots from the first on, or from another:
   * `[2 * layers, kvHeads, slots, headDim]`, keys first.
   */
  read(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Sets slots, in the layout of {@linkcode read}. */
  write(
    slots: number,
    data: Float32Array<ArrayBuffer>,
    options?: { from?: number },
  ): void;
  /** Frees its memory. */
  close(): void;
}

/** How much text a KV buffer is for. */
export interface KvRoom {
  /** Slots that are needed soon. */
  slots: number;
  /** Slots that are never exceeded. */
  most: number;
}

/** An opened graph. */
export interface Session {
  /**
   * Computes outputs, each into the tensor given for it, or into a new one.
   *
   * @param kv the KV buffers of the graph's sequences, in order, if it has any; their
   * rows are written.
   */
  run(
    feeds: NamedTensors,
    fetches: Fetches,
    kv?: readonly KvBuffer[],
  ): Promise<NamedTensors>;
}

/** Runs the graphs of one model. */
export interface Backend {
  readonly name: BackendName;
  /** Resolves with a reason when the hardware has failed; absent if it cannot. */
  readonly lost?: Promise<string>;
  /** Pass widths between which a row's logits are the same bits. */
  readonly rows: { min: number; max: number };
  /** Whether several sequences may share a pass with the same bits as alone. */
  readonly batches: boolean;
  /** Whether outputs must be given memory, which is then written in place. */
  readonly inPlace: boolean;
  /**
   * Opens the graph file at `path`, with its weights beside it. The runs of a `brief`
   * one may hold up this thread, where handing them to another takes longer.
   */
  createSession(path: string, options?: { brief?: boolean }): Promise<Session>;
  createKvBuffer(shape: KvShape, room: KvRoom): KvBuffer;
  /** Copies an output's numbers into main memory and disposes of it. */
  download(output: Tensor): Promise<Float32Array>;
}
