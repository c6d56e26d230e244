/**
 * Namespaces separate the blocks of callers. A name derives from the server's secret, so
 * no request can name the namespace of another caller.
 *
 * @module
 */

import { createHmac } from "node:crypto";

const SHARED = "shared-";

/** The scope of an erasure of all namespaces but the shared ones. */
export const ALL_CALLERS = "callers";

/** Returns the namespace of a caller, in 32 hex digits. */
export function callerSpace(secret: Uint8Array, caller: string): string {
  return derive(secret, `caller\0${caller}`);
}

/** Returns the namespace of the operator's own prompts, which all callers read. */
export function sharedSpace(secret: Uint8Array): string {
  return SHARED + derive(secret, "shared");
}

/** Returns the scopes whose erasure includes a namespace. */
export function scopesOf(space: string): string[] {
  return space.startsWith(SHARED) ? [space] : [space, ALL_CALLERS];
}

function derive(secret: Uint8Array, label: string): string {
  return createHmac("sha256", secret).update(label).digest("hex").slice(0, 32);
}
