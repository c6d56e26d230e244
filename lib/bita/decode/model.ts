/**
 * The port to a language model: all that decoding needs to know of one.
 *
 * A sequence is a row of slots in a KV buffer:
 *
 * ```text
 * [0, prompts)          keys and values of the adapter's prompt tokens
 * [prompts, start)      the text so far, a slot a token, in order
 * [start, start + rows) the rows of the pass under way
 * ```
 *
 * Nothing is ever moved in it. Rows that prove right stay where they are, and the
 * next pass starts behind them, over the rest. A row is *natural* when its slot is
 * the one that plain decoding would use; only natural rows decide tokens, since
 * another slot can change the last bits of a row.
 *
 * @module
 */

/** The rows of one forward pass, in topological order: a parent comes first. */
export interface Pass {
  /** Slot of the first row; the others follow without a gap. */
  start: number;
  /** `[rows]` vocabulary ids; mask token `j` is `-1 - j`. */
  tokens: Int32Array;
  /** `[rows]` positions in the text, from 0; several rows may share one. */
  positions: Int32Array;
  /**
   * `[rows, rows]`, 1 where a row attends to another row of this pass.
   *
   * Every row sees all text before `start`; mask tokens alone see the prompts.
   */
  visible: Uint8Array;
}

/** The KV buffer of one text, and the passes that fill it. */
export interface Sequence {
  /** Tokens of the prompt that were in place when it was opened; 0 unless given. */
  readonly known?: number;
  /** Computes the rows of a pass, their keys and values included. */
  forward(pass: Pass): Promise<void>;
  /**
   * Gives the logits of chosen rows of the last pass.
   *
   * @returns `[rows.length, vocab]`, valid until the next call.
   */
  logits(rows: ArrayLike<number>): Promise<Float32Array>;
  /**
   * Drafts what follows `token` behind a row of the last pass, or without a row behind
   * the token of the last call. Models with a {@linkcode Model.draftVocab} can.
   *
   * @returns `[draftVocab]` logits, valid until the next call.
   */
  follow?(token: number, row?: number): Promise<Float32Array>;
  /** Gives the buffer back. */
  close(): void;
}

/** A frozen language model, with or without an adapter. */
export interface Model {
  readonly vocab: number;
  /** Mask tokens that it knows, M. */
  readonly masks: number;
  /** Prompt tokens whose keys and values fill the first slots, P. */
  readonly prompts: number;
  /** `[V]` ids that its Hydra head can draft, if it has one. */
  readonly draftVocab?: Int32Array;
  /** The most rows that a pass may have here. */
  readonly maxRows: number;
  /** Rows of a pass that reads a prompt; up to `maxRows` unless given. */
  readonly prefillRows?: number;
  /** The most tokens that a text may have. */
  readonly context: number;
  /** Opens a sequence that will hold `prompt`; nothing is computed yet. */
  open(prompt: Int32Array): Sequence;
}
