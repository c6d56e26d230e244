/**
 * Blocks as sealed records. A record is unreadable without the secret, and does not open
 * if a bit of it has changed or if it was moved to another place.
 *
 * ```text
 * "BP1" | nonce 12 | AES-256-GCM of (token ids, keys and values) | tag 16
 * ```
 *
 * Each namespace has a key of its own, and the place is authenticated along with the
 * record. Keys and values are as sensitive as the text that they were computed from.
 *
 * @module
 */

import type { Block, BlockPlace } from "../block.ts";

const MAGIC = new TextEncoder().encode("BP1");
const NONCE_BYTES = 12;
const HEAD_BYTES = MAGIC.length + NONCE_BYTES;

/** Derived keys to remember. */
const MOST_KEYS = 1000;

/** Seals and opens blocks with keys derived from one secret. */
export class BlockSealer {
  readonly #secret: Promise<CryptoKey>;
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** Derives keys from `secret`, which must be random. */
  constructor(secret: Uint8Array<ArrayBuffer>) {
    this.#secret = crypto.subtle.importKey("raw", secret, "HKDF", false, [
      "deriveKey",
    ]);
  }

  /** Returns the record of a block. */
  async seal(
    place: BlockPlace,
    { tokens, kv }: Block,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const plain = new Uint8Array(tokens.byteLength + kv.byteLength);
    plain.set(bytesOf(tokens));
    plain.set(bytesOf(kv), tokens.byteLength);
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const key = await this.#key(place);
    const sealed = await crypto.subtle.encrypt(gcm(place, nonce), key, plain);
    plain.buffer.transfer(0);
    const record = new Uint8Array(HEAD_BYTES + sealed.byteLength);
    record.set(MAGIC);
    record.set(nonce, MAGIC.length);
    record.set(new Uint8Array(sealed), HEAD_BYTES);
    sealed.transfer(0);
    return record;
  }

  /**
   * Opens the record of the block that holds `tokens`.
   *
   * @throws {TypeError} if it is not exactly that block's.
   */
  async open(
    place: BlockPlace,
    record: Uint8Array<ArrayBuffer>,
    tokens: Int32Array,
  ): Promise<Block> {
    const magic = record.subarray(0, MAGIC.length);
    if (!sameBytes(magic, MAGIC)) throw refusal("one of another format");
    const nonce = record.slice(MAGIC.length, HEAD_BYTES);
    const key = await this.#key(place);
    let plain: ArrayBuffer;
    try {
      const sealed = record.subarray(HEAD_BYTES);
      plain = await crypto.subtle.decrypt(gcm(place, nonce), key, sealed);
    } catch {
      throw refusal("a damaged or another one");
    }
    const found = new Uint8Array(plain, 0, tokens.byteLength);
    if (!sameBytes(found, bytesOf(tokens))) {
      throw refusal("one of other tokens");
    }
    return { tokens, kv: new Float32Array(plain, tokens.byteLength) };
  }

  #key({ model, space }: BlockPlace): Promise<CryptoKey> {
    const name = `${model} ${space}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const [oldest] = this.#keys.keys();
    if (this.#keys.size >= MOST_KEYS) this.#keys.delete(oldest);
    const key = this.#derive(name);
    this.#keys.set(name, key);
    return key;
  }

  async #derive(name: string): Promise<CryptoKey> {
    const info = new TextEncoder().encode(name);
    const salt = new Uint8Array();
    return await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt, info },
      await this.#secret,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  }
}

function gcm(
  { model, space, hash }: BlockPlace,
  iv: Uint8Array<ArrayBuffer>,
): AesGcmParams {
  const place = new TextEncoder().encode(`BP1 ${model} ${space} ${hash}`);
  return { name: "AES-GCM", iv, additionalData: place };
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function refusal(received: string): TypeError {
  return new TypeError(
    `Cannot open the block: its own record is required: received ${received}`,
  );
}
