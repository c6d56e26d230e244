/**
 * SHA-256 of files, read in pieces.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

/** Updates `hash` with the file at `path` and returns the file's size in bytes. */
export async function hashFile(
  path: string | URL,
  hash: Hash,
): Promise<number> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(1 << 20);
  let length = 0;
  for (;;) {
    const count = await file.read(piece);
    if (count === null) return length;
    hash.update(piece.subarray(0, count));
    length += count;
  }
}

/** Returns the SHA-256 of the file at `path`, in hex. */
export async function fileDigest(path: string | URL): Promise<string> {
  const hash = createHash("sha256");
  await hashFile(path, hash);
  return hash.digest("hex");
}
