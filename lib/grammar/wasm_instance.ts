/**
 * An instance of llguidance's module: the functions that it imports and exports, and
 * its memory.
 *
 * @module
 */

/** The functions that are used. Pointers and sizes have 32 bits. */
export interface Exports {
  memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number, align: number): number;
  __wbindgen_free(at: number, size: number, align: number): void;
  llg_new_tokenizer(init: number, message: number, size: number): number;
  llg_constraint_init_set_defaults(init: number, tokenizer: number): void;
  llg_new_matcher(init: number, notation: number, data: number): number;
  llg_clone_matcher(matcher: number): number;
  llg_free_matcher(matcher: number): void;
  llg_matcher_get_error(matcher: number): number;
  llg_matcher_compute_mask_into(m: number, at: number, size: number): number;
  llg_matcher_consume_token(matcher: number, token: number): number;
  llg_matcher_rollback(matcher: number, tokens: number): number;
  llg_matcher_is_stopped(matcher: number): number;
  llg_matcher_validate_tokens(m: number, at: number, count: number): number;
}

/** A piece of the module's memory. */
export interface Block {
  at: number;
  size: number;
}

/** Alignment of everything that is allocated. */
const ALIGN = 8;

/** Bytes of a page, in which memory grows. */
const PAGE = 65_536;

/** Starts a module. */
export function instantiate(module: WebAssembly.Module): Exports {
  const imports: Record<string, Record<string, (...args: never[]) => unknown>> =
    {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // The names end in a hash, as in "__wbg_new_8a6f238a6ece86ea".
    const what = name.replace(/^__wbg_+|_[0-9a-f]{16}$/g, "");
    (imports[from] ??= {})[name] = provided(what, () => wasm);
  }
  const instance = new WebAssembly.Instance(module, imports);
  const wasm = instance.exports as unknown as Exports;
  return wasm;
}

/** Returns the same functions, which call `onTrap` before they throw. */
export function watched(wasm: Exports, onTrap: () => void): Exports {
  const watch = (call: unknown) => (...args: unknown[]) => {
    try {
      return (call as (...args: unknown[]) => unknown)(...args);
    } catch (error) {
      onTrap();
      throw error;
    }
  };
  return Object.fromEntries(
    Object.entries(wasm).map(([name, value]) => [
      name,
      typeof value === "function" ? watch(value) : value,
    ]),
  ) as unknown as Exports;
}

/** Returns what the module imports under a name: glue of wasm-bindgen. */
function provided(
  name: string,
  wasm: () => Exports,
): (...args: never[]) => unknown {
  const text = (at: number, size: number) =>
    new TextDecoder().decode(new Uint8Array(wasm().memory.buffer, at, size));
  switch (name) {
    case "now":
      return () => performance.now();
    case "getRandomValues":
      // Random numbers seed hash tables alone; equal ones make equal texts.
      return (at: number, size: number) => {
        new Uint8Array(wasm().memory.buffer, at, size).fill(1);
      };
    case "wbindgen_throw":
      return (at: number, size: number) => {
        throw new Error(text(at, size));
      };
    default:
      // What a panic prints, and glue of the package's own interface.
      return () => 0;
  }
}

/** Reads and writes the memory of an instance. */
export class WasmMemory {
  readonly #wasm: Exports;

  constructor(wasm: Exports) {
    this.#wasm = wasm;
  }

  /** Allocates memory that is never freed, or that {@linkcode WasmMemory.free} frees. */
  allocate(size: number): number {
    return this.#wasm.__wbindgen_malloc(size, ALIGN) >>> 0;
  }

  /** Copies bytes into new memory. */
  put(bytes: Uint8Array): Block {
    const block = { at: this.allocate(bytes.length), size: bytes.length };
    new Uint8Array(this.#wasm.memory.buffer).set(bytes, block.at);
    return block;
  }

  /** Copies a text and a zero after it. */
  cString(text: string): Block {
    return this.put(new TextEncoder().encode(text.replaceAll("\0", "") + "\0"));
  }

  free({ at, size }: Block): void {
    this.#wasm.__wbindgen_free(at, size, ALIGN);
  }

  /** Returns a copy of all memory, for any thread. */
  copy(): SharedArrayBuffer {
    const { buffer } = this.#wasm.memory;
    const copy = new SharedArrayBuffer(buffer.byteLength);
    new Uint8Array(copy).set(new Uint8Array(buffer));
    return copy;
  }

  /** Replaces all memory by a copy of one that is at least as large. */
  restore(copy: SharedArrayBuffer): void {
    const { memory } = this.#wasm;
    const missing = copy.byteLength - memory.buffer.byteLength;
    memory.grow(missing / PAGE);
    new Uint8Array(memory.buffer).set(new Uint8Array(copy));
  }

  /** Returns a part as it is now; it is detached when the memory grows. */
  view(at: number, size: number): DataView {
    return new DataView(this.#wasm.memory.buffer, at, size);
  }

  /** Returns `[count]` words as they are now; detached when the memory grows. */
  words(at: number, count: number): Uint32Array {
    return new Uint32Array(this.#wasm.memory.buffer, at, count);
  }

  /** Reads a text that ends in a zero. */
  text(at: number): string {
    const bytes = new Uint8Array(this.#wasm.memory.buffer, at);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}
