/**
 * Records that are unreadable without the secret, and do not open if a bit of them has
 * changed or if they were moved to another place.
 *
 * ```text
 * "BP1" | nonce 12 | AES-256-GCM of the content | tag 16
 * ```
 *
 * Each namespace has a key of its own, and the place is authenticated along with the
 * record.
 *
 * @module
 */

import type { BlockPlace } from "../block.ts";

const MAGIC = new TextEncoder().encode("BP1");
const NONCE_BYTES = 12;
const HEAD_BYTES = MAGIC.length + NONCE_BYTES;

/** Derived keys to remember. */
const MOST_KEYS = 1000;

/** Seals and opens records with keys derived from one secret. */
export class Sealer {
  readonly #secret: Promise<CryptoKey>;
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  /** Derives keys from `secret`, which must be random. */
  constructor(secret: Uint8Array<ArrayBuffer>) {
    this.#secret = crypto.subtle.importKey("raw", secret, "HKDF", false, [
      "deriveKey",
    ]);
  }

  /** Returns the record of a content. */
  async seal(
    place: BlockPlace,
    content: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const key = await this.#key(place);
    const sealed = await crypto.subtle.encrypt(gcm(place, nonce), key, content);
    const record = new Uint8Array(HEAD_BYTES + sealed.byteLength);
    record.set(MAGIC);
    record.set(nonce, MAGIC.length);
    record.set(new Uint8Array(sealed), HEAD_BYTES);
    sealed.transfer(0);
    return record;
  }

  /**
   * Opens a record.
   *
   * @throws {TypeError} if it is not exactly the one that was sealed for `place`.
   */
  async open(
    place: BlockPlace,
    record: Uint8Array<ArrayBuffer>,
  ): Promise<ArrayBuffer> {
    const magic = record.subarray(0, MAGIC.length);
    if (magic.some((byte, i) => byte !== MAGIC[i])) {
      throw refusal("one of another format");
    }
    const nonce = record.slice(MAGIC.length, HEAD_BYTES);
    const key = await this.#key(place);
    try {
      const sealed = record.subarray(HEAD_BYTES);
      return await crypto.subtle.decrypt(gcm(place, nonce), key, sealed);
    } catch {
      throw refusal("a damaged or another one");
    }
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

/** Returns the error of a record that does not open. */
export function refusal(received: string): TypeError {
  return new TypeError(
    `Cannot open the record: its own record is required: received ${received}`,
  );
}
