/**
 * The port to what keeps responses, for clients that continue them or read them again.
 *
 * @module
 */

import type { StoredResponse } from "../wire/responses/context.ts";

/** Where a response is kept: no caller finds the responses of another. */
export interface ResponsePlace {
  /** SHA-256 of the caller's key; `""` where no key is required. */
  caller: string;
  id: string;
}

/** Keeps responses for a while. */
export interface ResponseStore {
  /**
   * Begins a response of a caller. What it returns keeps the response, and resolves to
   * whether it is kept; after an erasure since the beginning it is not.
   */
  begin(
    caller: string,
  ): (id: string, stored: StoredResponse) => Promise<boolean>;
  /**
   * Looks up a response.
   *
   * @throws {ApiError} 503 if the store does not answer.
   */
  read(place: ResponsePlace): Promise<StoredResponse | undefined>;
  /**
   * Removes a response; resolves to whether there was one.
   *
   * @throws {ApiError} 503 if the store does not confirm it.
   */
  remove(place: ResponsePlace): Promise<boolean>;
}
