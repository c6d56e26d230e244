/**
 * Namespaces: who may read whose blocks. Only the server, with its secret, can name
 * one, so no caller can ask for another's.
 *
 * @module
 */

import { createHmac } from "node:crypto";

/** What the names of the operator's own namespaces begin with. */
const SHARED = "shared-";

/** Names the namespace of a caller's key, in 32 hex digits. */
export function callerSpace(secret: Uint8Array, caller: string): string {
  return derive(secret, `caller\0${caller}`);
}

/** Returns the namespace of the operator's own prompts, which all callers read. */
export function sharedSpace(secret: Uint8Array): string {
  return SHARED + derive(secret, "shared");
}

/** The scope of an erasure that spares the operator's own prompts alone. */
export const ALL_CALLERS = "callers";

/** Returns the scopes whose erasure includes a namespace. */
export function scopesOf(space: string): string[] {
  return space.startsWith(SHARED) ? [space] : [space, ALL_CALLERS];
}

function derive(secret: Uint8Array, label: string): string {
  return createHmac("sha256", secret).update(label).digest("hex").slice(0, 32);
}
