/**
 * The server's secret, from which keys and namespaces derive: given by the operator,
 * or drawn once and kept in a file.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";

/** Turns an operator's words into a secret of 32 bytes. */
export function secretOf(words: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(words).digest());
}

/**
 * Reads the secret at `path`, or draws one and keeps it there; where it can't be kept
 * it lasts as long as the process.
 */
export async function keptSecret(
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    // Linked into place whole, so that of several first starts one wins.
    const draft = await Deno.makeTempFile({ dir: dirname(path) });
    await Deno.writeFile(draft, secret, { mode: 0o600 });
    await Deno.link(draft, path).catch(() => {});
    await Deno.remove(draft);
  } catch {
    // Nothing can be written here; the file may be there all the same.
  }
  const kept = await Deno.readFile(path).catch(() => secret);
  return kept.length === secret.length ? kept : secret;
}
