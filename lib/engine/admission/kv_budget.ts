/**
 * The memory that keys and values may take, counted in slots: a slot is one token of
 * one sequence. A request is admitted when the slots that it may come to are free, so
 * no mix of requests can exhaust the memory.
 *
 * @module
 */

import { kvBytes, type KvShape } from "../../runtime/kv/kv_layout.ts";
import { ApiError } from "../errors.ts";

/** The most rows of a pass on any backend; they reach past a sequence's text. */
const PASS_ROWS = 128;

/** The largest share of the memory that cached prompts take. */
const TIER_SHARE = 1 / 4;

/** The smallest text for which there must be memory. */
const LEAST_TEXT = 16;

/** What the memory of a model's sequences follows from. */
export interface KvSize extends KvShape {
  /** Tokens of the adapter's soft prompt, which each sequence holds. */
  softPrompt: number;
  /** Tokens that a text may have. */
  context: number;
  /** Tokens that an answer may have. @default Infinity */
  answer?: number | undefined;
}

/** The memory to divide, in bytes. */
export interface KvMemory {
  /** Of this model; without it, half of what is free, or what one text needs. */
  bytes?: number | undefined;
  /** Free for this model. */
  free: number;
  /** The most that cached prompts may take; 0 without a cache in memory. */
  tier: number;
}

/** The memory of one model's sequences. */
export class KvBudget {
  /** Slots of all sequences together. */
  readonly slots: number;
  /** The most tokens of a text that the memory has room for. */
  readonly longest: number;
  /** Bytes that cached prompts may take beside the sequences. */
  readonly tierBytes: number;
  readonly #size: KvSize;

  /** @throws {RangeError} if the memory holds no text. */
  constructor(size: KvSize, { bytes, free, tier }: KvMemory) {
    const perSlot = kvBytes(size, 1);
    this.#size = size;
    const oneText = perSlot * this.slotsOf(size.context) / (1 - TIER_SHARE);
    const total = bytes ?? Math.max(free / 2, oneText);
    this.tierBytes = Math.floor(Math.min(tier, total * TIER_SHARE));
    this.slots = Math.floor((total - this.tierBytes) / perSlot);
    const left = this.slots - this.slotsOf(0);
    this.longest = Math.min(size.context, left);
    const least = Math.min(LEAST_TEXT, size.context);
    if (this.longest >= least) return;
    const needed = perSlot * this.slotsOf(least) / (1 - TIER_SHARE);
    throw new RangeError(
      `Cannot start: KV_MEMORY must be at least ${
        Math.ceil(needed / 2 ** 20)
      }MiB for each model: received ${Math.floor(total / 2 ** 20)}MiB`,
    );
  }

  /** Returns the slots of a sequence whose text may come to `tokens`. */
  slotsOf(tokens: number): number {
    return this.#size.softPrompt + tokens + PASS_ROWS;
  }

  /**
   * Returns how many tokens an answer may have, at most `most`.
   *
   * @throws {ApiError} 400 if the memory can never hold prompt and answer.
   */
  answerTokens(promptTokens: number, most: number | undefined): number {
    const { context, answer = Infinity } = this.#size;
    const left = Math.max(1, this.longest - promptTokens);
    const tokens = Math.min(most ?? left, answer, context - promptTokens);
    if (promptTokens + tokens <= this.longest) return tokens;
    throw new ApiError(
      400,
      `Cannot hold the request in memory: the maximum context length is ${this.longest} tokens here, prompt and answer together: received ${promptTokens} and ${tokens}`,
      { code: "context_length_exceeded" },
    );
  }
}
