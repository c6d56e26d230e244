/**
 * A text along a grammar: which tokens may come next, and what follows one of them.
 *
 * @module
 */

import type { Exports, WasmMemory } from "./wasm_instance.ts";

/** Characters of llguidance's message that an error repeats. */
const MOST_TEXT = 200;

/** A text that cannot go on as its grammar has it, or not without too much work. */
export class GrammarError extends RangeError {
  override name = "GrammarError";
}

/** What a {@linkcode Matcher} works with. */
export interface MatcherParts {
  wasm: Exports;
  memory: WasmMemory;
  /** Where masks are written. */
  mask: { at: number; words: number };
}

/** A text as far as it has come along its grammar. */
export class Matcher implements Disposable {
  /** Where it is in the engine's memory. */
  readonly at: number;
  readonly #parts: MatcherParts;

  constructor(at: number, parts: MatcherParts) {
    this.at = at;
    this.#parts = parts;
  }

  /** llguidance's message, if the grammar or the text was too much for it. */
  get error(): string | undefined {
    const { wasm, memory } = this.#parts;
    const at = wasm.llg_matcher_get_error(this.at);
    return at === 0 ? undefined : memory.text(at);
  }

  /**
   * Returns `[vocab / 32]` bits of the tokens that may come next. They are valid until
   * the next call of any matcher.
   *
   * @throws {GrammarError} if no token may come next, or the mask takes too much work.
   */
  mask(): Uint32Array {
    const { wasm, memory, mask: { at, words } } = this.#parts;
    this.#check(wasm.llg_matcher_compute_mask_into(this.at, at, 4 * words));
    return memory.words(at, words);
  }

  /** Adds a token that the mask has. */
  consume(token: number): void {
    this.#check(this.#parts.wasm.llg_matcher_consume_token(this.at, token));
  }

  /** Takes back the last tokens. */
  rollback(tokens: number): void {
    this.#check(this.#parts.wasm.llg_matcher_rollback(this.at, tokens));
  }

  /** Counts how many of some tokens may follow, in their order. */
  valid(tokens: readonly number[]): number {
    const { wasm, memory } = this.#parts;
    const block = memory.put(new Uint8Array(Uint32Array.from(tokens).buffer));
    const count = wasm.llg_matcher_validate_tokens(
      this.at,
      block.at,
      tokens.length,
    );
    memory.free(block);
    return Math.max(0, this.#check(count));
  }

  /** Whether nothing but the end may follow. */
  get isStopped(): boolean {
    return this.#parts.wasm.llg_matcher_is_stopped(this.at) !== 0;
  }

  /** Returns another matcher at the same place. */
  clone(): Matcher {
    const at = this.#parts.wasm.llg_clone_matcher(this.at);
    return new Matcher(at, this.#parts);
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#parts.wasm.llg_free_matcher(this.at);
  }

  #check(result: number): number {
    if (result >= 0) return result;
    const [line] = this.error?.split("\n") ?? [];
    throw new GrammarError(
      `Cannot follow the grammar: a token of the model must be allowed, and soon found: received ${
        line?.slice(0, MOST_TEXT)
      }`,
    );
  }
}
