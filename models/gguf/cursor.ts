/**
 * Reads an untrusted GGUF header front to back. Every length in it is checked against
 * the size of the file before it is used.
 *
 * @module
 */

/** Bytes read at once; a header with 50,000 tokens takes two or three windows. */
const WINDOW_BYTES = 1 << 20;

/** Maximum bytes of a string; a chat template has about ten thousand. */
const MAX_STRING_BYTES = 1 << 20;

/** Bytes of a string that is decoded here: a call of the decoder would take longer. */
const SHORT_BYTES = 32;

/** A source of bytes of a known size. */
export interface ByteSource {
  /** Total bytes. */
  readonly size: number;
  /** Returns `length` bytes from `offset` on; the range lies within `size`. */
  read(offset: number, length: number): Uint8Array;
}

/** A position in a {@linkcode ByteSource} that each read advances. */
export class Cursor {
  #source: ByteSource;
  #window: DataView = new DataView(new ArrayBuffer(0));
  #windowStart = 0;
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #offset = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Bytes before this position. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes after this position. */
  get remaining(): number {
    return this.#source.size - this.#offset;
  }

  /**
   * Reads a number of `bytes` bytes with `get`.
   *
   * @throws {RangeError} if it is an integer that a double cannot represent exactly.
   */
  number(
    bytes: number,
    get: (view: DataView, offset: number) => number | bigint,
  ): number {
    const start = this.#take(bytes);
    const value = get(this.#window, start);
    return typeof value === "bigint" ? safe(value) : value;
  }

  /** Reads an unsigned 32-bit integer. */
  uint32(): number {
    return this.number(4, (view, offset) => view.getUint32(offset, true));
  }

  /**
   * Reads an unsigned 64-bit integer.
   *
   * @throws {RangeError} if a double cannot represent it exactly.
   */
  uint64(): number {
    const start = this.#take(8);
    const high = this.#window.getUint32(start + 4, true);
    // Big integers would take longer.
    if (high === 0) return this.#window.getUint32(start, true);
    return safe(this.#window.getBigUint64(start, true));
  }

  /**
   * Reads a string: its length in bytes, then UTF-8.
   *
   * @throws {RangeError} if it is longer than 1 MiB.
   */
  string(): string {
    const { length, text } = this.shortString();
    if (text !== undefined) return text;
    throw tooLong(length);
  }

  /** Reads a string of up to 1 MiB; skips a longer one, which then has no text. */
  shortString(): { length: number; text?: string } {
    const length = this.uint64();
    if (length > MAX_STRING_BYTES) {
      this.#check(length);
      this.#offset += length;
      return { length };
    }
    const start = this.#take(length);
    const { buffer, byteOffset } = this.#window;
    const bytes = new Uint8Array(buffer, byteOffset + start, length);
    const text = length <= SHORT_BYTES ? decodeShort(bytes) : undefined;
    return { length, text: text ?? this.#decoder.decode(bytes) };
  }

  /**
   * Reads strings; returns a function that decodes them.
   *
   * @throws {RangeError} if one is longer than 1 MiB.
   */
  strings(count: number): () => string[] {
    const start = this.#offset;
    for (let i = 0; i < count; i++) {
      const length = this.uint64();
      if (length > MAX_STRING_BYTES) throw tooLong(length);
      this.#check(length);
      this.#offset += length;
    }
    const bytes = this.#source.read(start, this.#offset - start);
    return () => {
      const cursor = new Cursor({
        size: bytes.length,
        read: (offset, length) => bytes.subarray(offset, offset + length),
      });
      return Array.from({ length: count }, () => cursor.string());
    };
  }

  /** Skips `length` bytes and returns their offset in the window. */
  #take(length: number): number {
    this.#check(length);
    if (
      this.#offset + length > this.#windowStart + this.#window.byteLength
    ) {
      const { buffer, byteOffset, byteLength } = this.#source.read(
        this.#offset,
        Math.min(Math.max(WINDOW_BYTES, length), this.remaining),
      );
      this.#window = new DataView(buffer, byteOffset, byteLength);
      this.#windowStart = this.#offset;
    }
    const start = this.#offset - this.#windowStart;
    this.#offset += length;
    return start;
  }

  #check(length: number): void {
    if (length <= this.remaining) return;
    throw new SyntaxError(
      `Cannot read a GGUF header: the file must have ${length} more bytes after byte ${this.#offset}: received ${this.remaining}`,
    );
  }
}

/**
 * Decodes UTF-8 of one and two bytes a character, of which most tokens are, unless there
 * is anything else.
 */
function decodeShort(bytes: Uint8Array): string | undefined {
  const units: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte < 0x80) units.push(byte);
    else {
      const next = bytes[++i];
      const isPair = byte >= 0xc2 && byte < 0xe0 && (next & 0xc0) === 0x80;
      if (!isPair) return undefined;
      units.push((byte & 0x1f) << 6 | next & 0x3f);
    }
  }
  return String.fromCharCode(...units);
}

function tooLong(length: number): RangeError {
  return new RangeError(
    `Cannot read a GGUF header: a string must have at most ${MAX_STRING_BYTES} bytes: received ${length}`,
  );
}

function safe(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(
    `Cannot read a GGUF header: an integer must be between -2^53 and 2^53: received ${value}`,
  );
}
