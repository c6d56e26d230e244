/**
 * The interface of a backend: ONNX Runtime on one kind of hardware.
 *
 * Backends differ in how they open a session, where they keep the KV buffer, and which
 * pass widths compute the same bits.
 *
 * @module
 */

import type { Tensor } from "onnxruntime-common";
import type { DeviceKv, KvCopy } from "../bita/decode/model.ts";
import type { KvShape } from "./kv/kv_layout.ts";

/** All backends, fastest hardware first. */
export const BACKENDS = ["webgpu", "cpu", "wasm"] as const;

/** One of {@linkcode BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

/** Tensors by their names in the graph. */
export type NamedTensors = Record<string, Tensor>;

/** Outputs by name, each with the tensor to write it to, or `null` for a new one. */
export type Fetches = Record<string, Tensor | null>;

/** Keys and values of one sequence, in the backend's memory. */
export interface KvBuffer {
  /**
   * `[1, kvHeads, slots, headDim]` each, the keys of all layers before their values. The
   * list changes when the buffer grows.
   */
  readonly tensors: readonly Tensor[];
  /** Grows to at least `slots` slots and keeps their content. */
  reserve(slots: number): void;
  /**
   * Resolves when what was reserved and written is there; absent if that is at once.
   * Rejects with a {@linkcode DeviceMemoryError} if the device has no memory for it.
   */
  ready?(): Promise<void>;
  /** Replaces the tensors by a pass's outputs; absent if passes write in place. */
  keep?(present: readonly Tensor[]): void;
  /**
   * Reads slots, from `from` or else from the first:
   * `[2 * layers, kvHeads, slots, headDim]`, keys first.
   */
  read(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Copies slots within the device; absent in main memory. */
  copy?(slots: number, options?: { from?: number }): Promise<DeviceKv>;
  /** Writes slots in the layout of {@linkcode read}, or a copy of this backend's. */
  write(
    slots: number,
    data: KvCopy,
    options?: { from?: number },
  ): void;
  /** Frees its memory. */
  close(): void;
}

/** Thrown when the device has no memory for a sequence; later it may. */
export class DeviceMemoryError extends Error {
  override name = "DeviceMemoryError";
}

/** Size of a KV buffer. */
export interface KvRoom {
  /** Initial slots. */
  slots: number;
  /** Maximum slots. */
  most: number;
}

/** An opened graph. */
export interface Session {
  /**
   * Computes outputs and writes each to its tensor in `fetches`, or to a new one.
   *
   * @param kv The KV buffers of the graph's sequences, in order, if it has any. The
   * pass writes their new slots.
   */
  run(
    feeds: NamedTensors,
    fetches: Fetches,
    kv?: readonly KvBuffer[],
  ): Promise<NamedTensors>;
}

/** Opens and runs the graphs of a model. */
export interface Backend {
  readonly name: BackendName;
  /** Resolves to the reason when the hardware fails; absent if it cannot fail. */
  readonly lost?: Promise<string>;
  /** Range of pass widths in which a row's logits have the same bits. */
  readonly rows: { min: number; max: number };
  /** Whether a pass may have several sequences, whose bodies share the weights. */
  readonly sharesPasses: boolean;
  /** Whether outputs are written in place, to memory that the caller provides. */
  readonly inPlace: boolean;
  /**
   * Opens the graph file at `path`, whose weights are in the same folder. The runs of a
   * `brief` session may block this thread, if a switch to another takes longer.
   */
  createSession(path: string, options?: { brief?: boolean }): Promise<Session>;
  /** Creates the KV buffer of a sequence. */
  createKvBuffer(shape: KvShape, room: KvRoom): KvBuffer;
  /**
   * Returns the largest logit of the first `rows` rows of an output, and disposes of it;
   * absent where the whole output is in main memory. Returns `undefined` if that must be
   * downloaded to find them.
   */
  best?(
    output: Tensor,
    rows: number,
  ): Promise<{ id: number; logit: number }[] | undefined>;
  /** Copies an output to main memory and disposes of it. */
  download(output: Tensor): Promise<Float32Array>;
  /** Frees all that it has opened; no session may run, now or later. */
  close(): Promise<void>;
}
