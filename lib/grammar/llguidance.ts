/**
 * llguidance's C interface: a vocabulary goes in once, then grammars become matchers.
 *
 * @module
 */

import { Matcher } from "./matcher.ts";
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

/** An engine for a grammar, with which any thread may go on. */
export interface GrammarImage {
  engine: EngineImage;
  /** The place of the compiled grammar, if the engine has compiled it. */
  matcher?: number;
}

/** An engine, and the grammars that it has compiled. */
export interface EngineImage {
  /** All of its memory, which no thread changes. */
  memory: SharedArrayBuffer;
  /** Places in the memory. */
  places: Places;
}

/** Where things are in an engine's memory. */
interface Places {
  /** What grammars are compiled with. */
  init: number;
  /** Where masks are written. */
  mask: { at: number; words: number };
}

/** The engine with the vocabulary of one model. */
export class Llguidance {
  readonly #wasm: Exports;
  readonly #memory: WasmMemory;
  readonly #places: Places;
  #isSound = true;

  /**
   * Starts the module, in memory of its own.
   *
   * @throws {TypeError} if the module's structures are not as this file has them.
   */
  static async open({ tokens, end }: TokenBytes): Promise<Llguidance> {
    return new Llguidance(await llguidanceModule(), (engine) => {
      const memory = engine.#memory;
      const words = Math.ceil(tokens.length / 32);
      const mask = { at: memory.allocate(4 * words), words };
      const init = memory.allocate(CONSTRAINT_INIT);
      engine.#initialize(init, engine.#newTokenizer(tokens, end));
      return { init, mask };
    });
  }

  /**
   * Starts the module with the memory of another engine, which takes a few
   * milliseconds: what that one has compiled is compiled here, too.
   */
  static async restore({ memory, places }: EngineImage): Promise<Llguidance> {
    return new Llguidance(await llguidanceModule(), (engine) => {
      engine.#memory.restore(memory);
      return places;
    });
  }

  private constructor(
    module: WebAssembly.Module,
    fill: (engine: Llguidance) => Places,
  ) {
    this.#wasm = watched(instantiate(module), () => this.#isSound = false);
    this.#memory = new WasmMemory(this.#wasm);
    this.#places = fill(this);
  }

  /** Copies its memory, with which another thread may go on. */
  image(): EngineImage {
    return { memory: this.#memory.copy(), places: this.#places };
  }

  #initialize(at: number, tokenizer: number): void {
    this.#wasm.llg_constraint_init_set_defaults(at, tokenizer);
    const init = this.#memory.view(at, CONSTRAINT_INIT);
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
    const at = this.#wasm.llg_new_matcher(this.#places.init, name, text);
    for (const text of texts) this.#memory.free(text);
    const matcher = this.matcher(at);
    const error = matcher.error;
    if (error === undefined) return matcher;
    matcher[Symbol.dispose]();
    throw new SyntaxError(error);
  }

  /** Returns the matcher at a place of the memory. */
  matcher(at: number): Matcher {
    const { mask } = this.#places;
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
