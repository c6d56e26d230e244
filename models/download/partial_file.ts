/**
 * A file in progress: written and hashed under a temporary name, and renamed after it is
 * complete and its digest is verified.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { hashFile } from "./digest.ts";
import { trust } from "./trust.ts";

/** What is known of the complete file. */
export interface Expectation {
  /** Digest in hex. */
  sha256?: string;
  bytes?: number;
}

/** Bytes that show what a file is. */
const HEAD = 64;

/** An incomplete file, in the folder of the complete one. */
export class PartialFile implements Disposable {
  /** What is known of the complete file. */
  readonly expected: Expectation;
  #path: string;
  #target: string;
  #file: Deno.FsFile;
  #hash: Hash = createHash("sha256");
  #length = 0;
  /** The first bytes, by which a file that is no model is known. */
  #head: number[] = [];

  private constructor(target: string, expected: Expectation) {
    this.#target = target;
    this.#path = `${target}.partial`;
    this.#file = Deno.openSync(this.#path, { write: true, create: true });
    this.expected = expected;
  }

  /**
   * Opens the file that will be renamed to `target`.
   *
   * Bytes of an earlier process are kept only if a digest can verify them.
   */
  static async open(
    target: string,
    expected: Expectation,
  ): Promise<PartialFile> {
    const partial = new PartialFile(target, expected);
    if (expected.sha256 === undefined) await partial.restart();
    else await partial.#adopt();
    return partial;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Empties the file. */
  async restart(): Promise<void> {
    await this.#file.truncate();
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.#hash = createHash("sha256");
    this.#length = 0;
    this.#head = [];
  }

  /**
   * Appends bytes.
   *
   * @throws {RangeError} if the file would be too long; then it is emptied.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const { bytes: most = Infinity } = this.expected;
    if (this.#length + bytes.length > most) {
      await this.restart();
      throw new RangeError(
        `Cannot keep the model file: it must have ${most} bytes: received more`,
      );
    }
    for (let at = 0; at < bytes.length;) {
      at += await this.#file.write(bytes.subarray(at));
    }
    if (this.#length < HEAD) {
      this.#head = [...this.#head, ...bytes.subarray(0, HEAD - this.#length)];
    }
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /**
   * Verifies the file, waits until it is on the disk and renames it.
   *
   * @throws {RangeError} if its size or digest is wrong, or if it is no GGUF file where no
   * digest is known; then it is emptied.
   */
  async finish(): Promise<void> {
    const { sha256, bytes = this.#length } = this.expected;
    const length = this.#length;
    const digest = this.#hash.digest("hex");
    if (length !== bytes || digest !== (sha256 ?? digest)) {
      await this.restart();
      throw new RangeError(
        `Cannot keep the model file: it must have ${bytes} bytes and SHA-256 ${
          sha256 ?? digest
        }: received ${length} bytes and ${digest}`,
      );
    }
    const received = sha256 === undefined ? notGguf(this.#head) : undefined;
    if (received !== undefined) {
      await this.restart();
      throw new RangeError(
        `Cannot keep the model file: it must be a GGUF file: received ${received}`,
      );
    }
    await this.#file.sync();
    await Deno.rename(this.#path, this.#target);
    await trust(this.#target, digest);
  }

  /** Closes the file and keeps its bytes for a later attempt. */
  [Symbol.dispose](): void {
    this.#file.close();
    if (this.#length === 0) Deno.removeSync(this.#path);
  }

  async #adopt(): Promise<void> {
    this.#length = await hashFile(this.#path, this.#hash);
    if (this.#length > (this.expected.bytes ?? Infinity)) await this.restart();
    await this.#file.seek(0, Deno.SeekMode.End);
  }
}

/** Returns what a file is by its first bytes, if it is no GGUF file. */
function notGguf(head: readonly number[]): string | undefined {
  const text = String.fromCharCode(...head);
  if (text.startsWith("GGUF")) return undefined;
  if (text.trimStart().startsWith("<")) return "a web page";
  if (text.startsWith("version https://git-lfs")) return "a Git LFS pointer";
  return "another format";
}
