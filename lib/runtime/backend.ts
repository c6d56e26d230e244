/**
 * What a backend is: ONNX Runtime on one kind of hardware.
 *
 * The rest of the room is the same for all of them; they differ in how a session
 * opens, where the KV buffer lives, and which pass widths give the same bits.
 *
 * @module
 */

import type { Tensor } from "onnxruntime-common";

/** The backends, the fastest kind of hardware first. */
export const BACKENDS = ["webgpu", "cpu", "wasm"] as const;

/** One of {@linkcode BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

/** The size of a KV buffer: two tensors `[1, kvHeads, slots, headDim]` a layer. */
export interface KvShape {
  layers: number;
  kvHeads: number;
  slots: number;
  headDim: number;
}

/** Tensors by the names that the graph gives them. */
export type NamedTensors = Record<string, Tensor>;

/** Keys and values of one sequence, on the hardware that computes them. */
export interface KvBuffer {
  /** Names the buffer as the graph's inputs and outputs, with room for `slots`. */
  bind(slots: number): {
    past: NamedTensors;
    present: Record<string, Tensor | null>;
  };
  /** Takes over what a pass put out, where it could not write in place. */
  keep(outputs: NamedTensors): void;
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
  /** Gives its memory back. */
  close(): void;
}

/** An opened graph. */
export interface Session {
  /** Computes outputs, each into the tensor given for it, or into a new one. */
  run(
    feeds: NamedTensors,
    fetches: Record<string, Tensor | null>,
  ): Promise<NamedTensors>;
}

/** Runs the graphs of one model. */
export interface Backend {
  readonly name: BackendName;
  /** Pass widths between which a row's logits are the same bits. */
  readonly rows: { min: number; max: number };
  /** Whether outputs must be given memory, which is then written in place. */
  readonly inPlace: boolean;
  /**
   * Opens the graph file at `path`, with its weights beside it. The runs of a `brief`
   * one may hold up this thread, where handing them to another takes longer.
   */
  createSession(path: string, options?: { brief?: boolean }): Promise<Session>;
  createKvBuffer(shape: KvShape): KvBuffer;
  /** Brings an output's numbers here; valid until the next call. */
  download(output: Tensor): Promise<Float32Array>;
}
