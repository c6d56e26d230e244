/**
 * llguidance's C interface: a vocabulary goes in once, then grammars become matchers.
 *
 * @module
 */

import {
  type Exports,
  instantiate,
  WasmMemory,
  watched,
} from "./wasm_instance.ts";
import { llguidanceModule } from "./wasm_module.ts";

/** The tokens of a model, as bytes. */
export interface TokenBytes {
  /** `[vocab]` the bytes of each token; a control token is `0xff` and its spelling. */
  tokens: readonly Uint8Array[];
  /** The token that ends a text. */
  end: number;
}

/** What a grammar is written in, in llguidance's words. */
export type Notation = "json_schema" | "lark" | "regex";

/** Bytes of `LlgTokenizerInit` and of `LlgConstraintInit`. */
const TOKENIZER_INIT = 40, CONSTRAINT_INIT = 56;

/** Places in `LlgTokenizerInit`; all else is zero. */
const VOCAB = 0, END = 4, LENGTHS = 8, BYTES = 12, GREEDY = 28;

/** Places of the limits in `LlgConstraintInit`, and what the C interface sets there. */
const LIMITS = [
  { name: "max_items_in_row", at: 16, preset: 2_000, limit: 2_000 },
  { name: "initial_lexer_fuel", at: 24, preset: 1_000_000, limit: 1_000_000 },
  { name: "step_lexer_fuel", at: 32, preset: 200_000, limit: 200_000 },
  { name: "step_max_items", at: 40, preset: 50_000, limit: 50_000 },
  { name: "max_lexer_states", at: 44, preset: 250_000, limit: 50_000 },
  { name: "max_grammar_size", at: 48, preset: 500_000, limit: 100_000 },
];

/** Places of two flags: large regexes are tried on all tokens, errors are long. */
const PRECOMPUTE = 52, VERBOSE = 53;

/** The engine with the vocabulary of one model. */
export class Llguidance {
  readonly #wasm: Exports;
  readonly #memory: WasmMemory;
  readonly #init: number;
  readonly #mask: number;
  readonly #maskWords: number;
  #isSound = true;

  /** Starts the module, in memory of its own. */
  static async open(vocabulary: TokenBytes): Promise<Llguidance> {
    return new Llguidance(await llguidanceModule(), vocabulary);
  }

  /** @throws {TypeError} if the module's structures are not as this file has them. */
  constructor(module: WebAssembly.Module, { tokens, end }: TokenBytes) {
    this.#wasm = watched(instantiate(module), () => this.#isSound = false);
    this.#memory = new WasmMemory(this.#wasm);
    this.#maskWords = Math.ceil(tokens.length / 32);
    this.#mask = this.#memory.allocate(4 * this.#maskWords);
    this.#init = this.#memory.allocate(CONSTRAINT_INIT);
    const tokenizer = this.#newTokenizer(tokens, end);
    this.#wasm.llg_constraint_init_set_defaults(this.#init, tokenizer);
    const init = this.#memory.view(this.#init, CONSTRAINT_INIT);
    for (const { name, at, preset, limit } of LIMITS) {
      const received = init.getUint32(at, true);
      if (received !== preset) {
        throw new TypeError(
          `Cannot use llguidance: ${name} must be ${preset} at first: received ${received}`,
        );
      }
      init.setUint32(at, limit, true);
    }
    init.setUint8(PRECOMPUTE, 0);
    init.setUint8(VERBOSE, 0);
  }

  /** Whether its memory can be relied on: not after a trap or a full stack. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Bytes of memory that it has taken; it never returns any. */
  get bytes(): number {
    return this.#wasm.memory.buffer.byteLength;
  }

  /**
   * Compiles a grammar.
   *
   * @throws {SyntaxError} with llguidance's message if it is refused.
   */
  compile(notation: Notation, data: string): Matcher {
    const texts = [notation, data].map((text) => this.#memory.cString(text));
    const [name, text] = texts.map(({ at }) => at);
    const at = this.#wasm.llg_new_matcher(this.#init, name, text);
    for (const text of texts) this.#memory.free(text);
    const matcher = this.#matcher(at);
    const error = matcher.error;
    if (error === undefined) return matcher;
    matcher[Symbol.dispose]();
    throw new SyntaxError(error);
  }

  #matcher(at: number): Matcher {
    const mask = { at: this.#mask, words: this.#maskWords };
    return new Matcher(at, { wasm: this.#wasm, memory: this.#memory, mask });
  }

  #newTokenizer(tokens: readonly Uint8Array[], end: number): number {
    const memory = this.#memory;
    const lengths = Uint32Array.from(tokens, ({ length }) => length);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const token of tokens) {
      bytes.set(token, at);
      at += token.length;
    }
    const message = { at: memory.allocate(1000), size: 1000 };
    const held = [
      memory.put(new Uint8Array(lengths.buffer)),
      memory.put(bytes),
      memory.put(new Uint8Array(TOKENIZER_INIT)),
    ];
    const init = memory.view(held[2].at, TOKENIZER_INIT);
    init.setUint32(VOCAB, tokens.length, true);
    init.setUint32(END, end, true);
    init.setUint32(LENGTHS, held[0].at, true);
    init.setUint32(BYTES, held[1].at, true);
    init.setUint8(GREEDY, 1);
    const { at: text, size } = message;
    const tokenizer = this.#wasm.llg_new_tokenizer(held[2].at, text, size);
    if (tokenizer === 0) throw new TypeError(memory.text(text));
    for (const block of [...held, message]) memory.free(block);
    return tokenizer;
  }
}

/** Characters of llguidance's message that an error repeats. */
const MOST_TEXT = 200;

/** A text that cannot go on as its grammar has it, or not without too much work. */
export class GrammarError extends RangeError {
  override name = "GrammarError";
}

/** What a {@linkcode Matcher} works with. */
interface MatcherParts {
  wasm: Exports;
  memory: WasmMemory;
  mask: { at: number; words: number };
}

/** A text as far as it has come along its grammar. */
export class Matcher implements Disposable {
  readonly #at: number;
  readonly #parts: MatcherParts;

  constructor(at: number, parts: MatcherParts) {
    this.#at = at;
    this.#parts = parts;
  }

  /** llguidance's message, if the grammar or the text was too much for it. */
  get error(): string | undefined {
    const { wasm, memory } = this.#parts;
    const at = wasm.llg_matcher_get_error(this.#at);
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
    this.#check(wasm.llg_matcher_compute_mask_into(this.#at, at, 4 * words));
    return memory.words(at, words);
  }

  /** Adds a token that the mask has. */
  consume(token: number): void {
    this.#check(this.#parts.wasm.llg_matcher_consume_token(this.#at, token));
  }

  /** Takes back the last tokens. */
  rollback(tokens: number): void {
    this.#check(this.#parts.wasm.llg_matcher_rollback(this.#at, tokens));
  }

  /** Counts how many of some tokens may follow, in their order. */
  valid(tokens: readonly number[]): number {
    const { wasm, memory } = this.#parts;
    const block = memory.put(new Uint8Array(Uint32Array.from(tokens).buffer));
    const count = wasm.llg_matcher_validate_tokens(
      this.#at,
      block.at,
      tokens.length,
    );
    memory.free(block);
    return Math.max(0, this.#check(count));
  }

  /** Whether nothing but the end may follow. */
  get isStopped(): boolean {
    return this.#parts.wasm.llg_matcher_is_stopped(this.#at) !== 0;
  }

  /** Returns another matcher at the same place. */
  clone(): Matcher {
    const at = this.#parts.wasm.llg_clone_matcher(this.#at);
    return new Matcher(at, this.#parts);
  }

  /** Frees its memory. */
  [Symbol.dispose](): void {
    this.#parts.wasm.llg_free_matcher(this.#at);
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
