/**
 * The server's secret, from which keys and namespaces derive: set by the operator, or
 * drawn once and kept in a file.
 *
 * @module
 */

import { createHash, scryptSync } from "node:crypto";
import { dirname } from "node:path";
import { isKvFile } from "./store/kv_store.ts";

const SECRET_BYTES = 32;

/** 32 bytes in hex: random enough as they are. */
const RANDOM = /^[0-9a-f]{64}$/i;

/** A guess costs 32 MiB and about 0.3 s, as OWASP advises for passwords. */
const STRETCH = { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 26 };

/** Returns where a drawn secret is kept, if what it seals outlives the process. */
export function secretPath(
  { mode, kv, cacheDir }: { mode: string; kv: string; cacheDir: string },
): string | undefined {
  if (mode !== "kv" || kv === ":memory:") return undefined;
  return isKvFile(kv) ? `${dirname(kv)}/secret` : `${cacheDir}/prefix/secret`;
}

/**
 * Returns a secret of 32 bytes: derived from `passphrase`, which may be 32 random bytes
 * in hex, else read from the file at `path`, else drawn and kept there if it can be.
 *
 * @throws {Error} if the file is there, but is no secret.
 */
export async function openSecret(
  { passphrase, path }: {
    passphrase?: string | undefined;
    path?: string | undefined;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  if (passphrase !== undefined) return derive(passphrase);
  const drawn = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return path === undefined ? drawn : await keep(drawn, path);
}

function derive(passphrase: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    RANDOM.test(passphrase)
      ? createHash("sha256").update(passphrase).digest()
      : scryptSync(passphrase, "bita prefix cache", SECRET_BYTES, STRETCH),
  );
}

/** Returns what the file holds; it holds `drawn` if there was none. */
async function keep(
  drawn: Uint8Array<ArrayBuffer>,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    // Linked into place whole, so that of several first starts one wins.
    const draft = await Deno.makeTempFile({ dir: dirname(path) });
    await Deno.writeFile(draft, drawn, { mode: 0o600 });
    await Deno.link(draft, path).catch(() => {});
    await Deno.remove(draft);
  } catch {
    // Nothing can be written here; the file may be there all the same.
  }
  const kept = await Deno.readFile(path).catch(() => drawn);
  if (kept.length === SECRET_BYTES) return kept;
  throw new Error(
    `Cannot read the prompt cache's secret at ${path}: a file of ` +
      `${SECRET_BYTES} bytes is required: received one of ${kept.length}`,
  );
}
