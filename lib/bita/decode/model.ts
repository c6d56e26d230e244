/**
 * The port to a language model: all that decoding needs to know of one.
 *
 * A sequence is a KV cache with a slot for each token:
 *
 * ```text
 * [0, softPrompt)       keys and values of the adapter's soft prompt
 * [softPrompt, length)  the text so far, one slot a token, in order
 * [length, …)           the rows of the step under way
 * ```
 *
 * Nothing is ever moved in it. Rows that prove right stay where they are: decoding
 * raises `length`, and the next step overwrites the rest. A row is *natural* when its
 * slot is the one that plain decoding would use; only natural rows decide tokens,
 * since another slot can change the last bits of a row.
 *
 * A step is a value: what one sequence wants computed next. A model computes steps of
 * several sequences in one pass where its kernels allow it, and each step gets what
 * it would get alone, to the bit.
 *
 * @module
 */

/** The KV cache of one text. */
export interface Sequence {
  /** Slots that hold final text, the soft prompt's included. */
  length: number;
  /** Frees the memory. */
  close(): void;
}

/** Keys and values of consecutive slots, copied to the memory of a device. */
export interface DeviceKv {
  readonly byteLength: number;
  /** Copies them to main memory, in the layout of {@linkcode KvSequence.readKv}. */
  read(): Promise<Float32Array<ArrayBuffer>>;
  /** Frees the device's memory. */
  free(): void;
}

/** Keys and values outside of a sequence, in main memory or on the device. */
export type KvCopy = Float32Array<ArrayBuffer> | DeviceKv;

/** A sequence whose keys and values can be copied, as a prefix cache does. */
export interface KvSequence extends Sequence {
  /**
   * Reads the keys and values of `slots` slots from the first on, or from another, in
   * the layout of the model.
   */
  readKv(
    slots: number,
    options?: { from?: number },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** Copies slots within the device; absent if there is none but main memory. */
  readonly copyKv?:
    | ((slots: number, options?: { from?: number }) => Promise<DeviceKv>)
    | undefined;
  /** Sets keys and values, in the layout of {@linkcode KvSequence.readKv}. */
  writeKv(
    slots: number,
    data: KvCopy,
    options?: { from?: number },
  ): void;
}

/** The rows of one sequence that a pass computes, in topological order. */
export interface Step {
  sequence: Sequence;
  /** Slot of the first row; the others follow without a gap. */
  start: number;
  /** `[rows]` vocabulary ids; mask token `j` is `-1 - j`. */
  tokens: Int32Array;
  /**
   * `[rows]` the row before each row on its path, `-1` for the first row.
   *
   * A row attends to all text before `start`, to the rows on its path and to itself.
   * Mask tokens alone attend to the soft prompt. A row stands one position after its
   * parent; the first row stands where its slot is natural.
   */
  parents: Int32Array;
  /** Rows whose logits are wanted. */
  read: readonly number[];
  /**
   * Whether the largest logit of each such row is enough, at the lowest id that has it.
   * Others may be -Infinity then.
   */
  best?: boolean;
}

/** What a model has computed for a step; valid until it is released. */
export interface StepOutput {
  /** `[vocab]` logits, one array for each row that the step reads. */
  readonly logits: readonly Float32Array[];
  /** Reads the logits of further rows, `[vocab]` each. */
  read(rows: readonly number[]): Promise<Float32Array[]>;
  /** Reads the hidden states of rows, `[dim]` each. Models that embed have it. */
  states?(rows: readonly number[]): Promise<Float32Array[]>;
  /**
   * Drafts what follows `token` after a row, or without a row after the token of the
   * last call: `[draftVocab]` logits, valid until the next call. Models with a
   * {@linkcode ModelShape.draftVocab} have it.
   */
  draft?(token: number, row?: number): Promise<Float32Array>;
  /** Frees the memory for later passes. */
  release(): void;
}

/** What decoding must know of a model beforehand. */
export interface ModelShape {
  readonly vocab: number;
  /** Mask tokens that it knows, M. */
  readonly masks: number;
  /** Tokens of the adapter's soft prompt, whose keys and values fill the first slots, P. */
  readonly softPrompt: number;
  /** `[V]` ids that its Hydra head can draft, if it has one. */
  readonly draftVocab?: Int32Array;
  /** The most rows that a step, or the steps of a pass together, may have; it may grow. */
  readonly maxRows: number;
  /** The most sequences that share a pass; 1 if they take turns. It may grow. */
  readonly maxSequences: number;
  /** The most tokens that a text may have. */
  readonly context: number;
}

/** A frozen language model, with or without an adapter. */
export interface Model {
  readonly shape: ModelShape;
  /**
   * Opens a sequence for `prompt`; nothing is computed yet.
   *
   * @param options.tokens how long the text may become; memory grows up to it.
   */
  open(prompt: Int32Array, options?: { tokens?: number }): Sequence;
  /**
   * Computes a pass: the rows of all steps, their keys and values included. A sequence
   * may have one step in it.
   */
  run(steps: readonly Step[]): Promise<StepOutput[]>;
}

/** Computes the steps of one sequence, in passes that others may share. */
export interface StepRunner {
  readonly shape: ModelShape;
  /** Whether a row has the same bits in every pass, however a prompt is cut. */
  readonly invariant: boolean;
  /**
   * Computes a step. One that reads nothing is a part of a prompt: it may be longer
   * than a pass, and raises the sequence's length as it is computed.
   *
   * @param options.signal takes the step out of the queue, with the signal's reason.
   */
  run(
    step: Step,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<StepOutput>;
}
