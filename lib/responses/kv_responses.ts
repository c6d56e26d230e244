/**
 * Responses in Deno KV: compressed, sealed, each in the namespace of its caller, and
 * removed after some time or when there are too many bytes of them.
 *
 * @module
 */

import { ApiError } from "../engine/errors.ts";
import type { BlockPlace } from "../prefix/block.ts";
import { ALL_CALLERS, callerSpace, scopesOf } from "../prefix/namespace.ts";
import type { Erasure } from "../prefix/prefix_cache.ts";
import type { GuardedStore, StoreCall } from "../prefix/store/guarded_store.ts";
import type { Janitor } from "../prefix/store/janitor.ts";
import { Sealer } from "../prefix/store/sealer.ts";
import type { StoredResponse } from "../wire/responses/context.ts";
import type { ResponsePlace, ResponseStore } from "./response_store.ts";

/** Milliseconds that a call of the store may take. */
const CALL_MS = 2_000;

/** The most bytes of a record, as a commit holds 800 KiB. */
const MOST_BYTES = 768_000;

/** What it needs. */
export interface KvResponsesOptions {
  store: GuardedStore;
  janitor: Janitor;
  /** 32 bytes. */
  secret: Promise<Uint8Array<ArrayBuffer>>;
  /** Milliseconds that a response is kept. */
  lifeMs: number;
  /** Returns whether more may be written. */
  hasRoom: () => boolean;
  /** Unix time in milliseconds. */
  now: () => number;
}

/** Keeps responses in a store that outlives the process. */
export class KvResponses implements ResponseStore {
  readonly #options: KvResponsesOptions;
  readonly #sealer: Promise<Sealer>;
  /** Erasures of each caller, and of all callers. */
  readonly #erasures = new Map<string | undefined, number>();

  constructor(options: KvResponsesOptions) {
    this.#options = options;
    this.#sealer = options.secret.then((secret) => new Sealer(secret));
    this.#sealer.catch(() => {}); // The first call that needs it fails.
  }

  /** Begins a response; it is not kept if it is too large or the store fails. */
  begin(
    caller: string,
  ): (id: string, stored: StoredResponse) => Promise<boolean> {
    const count = this.#erasuresOf(caller);
    const isCurrent = () => this.#erasuresOf(caller) === count;
    return (id, stored) => this.#write({ caller, id }, stored, isCurrent);
  }

  async #write(
    place: ResponsePlace,
    stored: StoredResponse,
    isCurrent: () => boolean,
  ): Promise<boolean> {
    const { store, janitor, hasRoom, now } = this.#options;
    try {
      const at = await this.#placeOf(place);
      const record = await (await this.#sealer).seal(at, await pack(stored));
      const bytes = record.length;
      if (bytes > MOST_BYTES || !hasRoom()) return false;
      const entry = { bytes, depth: 0, created: now(), used: now() };
      const isKept = await store.tryCall(
        (kv) => kv.write(at, record, entry, isCurrent),
        CALL_MS,
      );
      if (isKept) void janitor.noteWrite(bytes);
      return isKept;
    } catch {
      return false;
    }
  }

  /** Looks up a response that is not too old. */
  async read(place: ResponsePlace): Promise<StoredResponse | undefined> {
    const { lifeMs, now } = this.#options;
    const at = await this.#placeOf(place);
    const record = await this.#call(async (kv) => {
      const [entry] = await kv.entries([at]);
      const isKept = entry && now() - entry.created < lifeMs;
      return isKept ? await kv.read(at) : undefined;
    });
    if (!record) return undefined;
    try {
      return await unpack(await (await this.#sealer).open(at, record));
    } catch {
      return undefined; // a record that does not open is no response
    }
  }

  /** Removes a response. */
  async remove(place: ResponsePlace): Promise<boolean> {
    const at = await this.#placeOf(place);
    return await this.#call(async (kv) => {
      const [entry] = await kv.entries([at]);
      return entry !== undefined && await kv.remove(at);
    });
  }

  /** Erases the responses of a caller, or of all callers, and counts them. */
  async erase(caller?: string): Promise<Erasure> {
    const { secret, janitor } = this.#options;
    this.#erasures.set(caller, (this.#erasures.get(caller) ?? 0) + 1);
    const scope = caller === undefined
      ? ALL_CALLERS
      : callerSpace(await secret, caller);
    const erased = await this.#call(async (kv) => {
      const all = await kv.list();
      await kv.erase(scope);
      return all.filter(({ erased, place }) =>
        !erased && scopesOf(place.space).includes(scope)
      );
    });
    void janitor.sweep();
    return { blocks: erased.length };
  }

  /** Closes the store. */
  close(): void {
    this.#options.janitor.stop();
    this.#options.store.close();
  }

  async #call<T>(call: StoreCall<T>): Promise<T> {
    try {
      return await this.#options.store.tryCall(call, CALL_MS);
    } catch (error) {
      throw new ApiError(
        503,
        `Cannot look up the response: a store that answers is required: received "${
          (error as Error).message
        }"`,
        { code: "store_unavailable", headers: { "Retry-After": "30" } },
      );
    }
  }

  #erasuresOf(caller: string): number {
    const counts = [caller, undefined].map((key) => this.#erasures.get(key));
    return counts.reduce<number>((sum, count = 0) => sum + count, 0);
  }

  async #placeOf({ caller, id }: ResponsePlace): Promise<BlockPlace> {
    const space = callerSpace(await this.#options.secret, caller);
    return { model: "response", space, hash: id };
  }
}

async function pack(stored: StoredResponse): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([JSON.stringify(stored)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return await new Response(packed).bytes();
}

async function unpack(content: ArrayBuffer): Promise<StoredResponse> {
  const unpacked = new Blob([content]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  return await new Response(unpacked).json();
}
