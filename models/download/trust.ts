/**
 * Verifies cached files without hashing them at every start. A note beside each file
 * records its digest, size and modification time when it was verified. A file that
 * differs from its note is hashed again.
 *
 * @module
 */

import { fileDigest } from "./digest.ts";

/** State of a file when its digest was verified. */
interface Note {
  sha256: string;
  bytes: number;
  /** Modification time in milliseconds since 1970. */
  modified: number;
}

/** Records that the file at `path` has this digest, as it is or as it was. */
export async function trust(
  path: string,
  sha256: string,
  stat?: Deno.FileInfo,
): Promise<void> {
  const { size, mtime } = stat ?? await Deno.stat(path);
  const note: Note = { sha256, bytes: size, modified: mtime?.getTime() ?? 0 };
  const temporary = `${notePath(path)}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(temporary, JSON.stringify(note));
  await Deno.rename(temporary, notePath(path));
}

/**
 * Returns whether the file at `path` is complete.
 *
 * Without `sha256`, the file must match its note.
 */
export async function isTrusted(
  path: string,
  sha256?: string,
): Promise<boolean> {
  const stat = await unlessMissing(Deno.stat(path));
  if (!stat?.isFile) return false;
  const note = await readNote(path);
  const expected = sha256 ?? note?.sha256;
  if (expected === undefined) return false;
  if (note?.sha256 === expected && isSame(note, stat)) return true;
  if (await fileDigest(path) !== expected) return false;
  // If the note cannot be written, the next start hashes the file again.
  await trust(path, expected).catch(() => {});
  return true;
}

/**
 * Returns the SHA-256 of a file, in hex: that of its note, if the file has not changed
 * since. Otherwise it is hashed, which takes a second for some hundred MB, and noted
 * where the folder can be written.
 */
export async function knownDigest(path: string): Promise<string> {
  const note = await readNote(path);
  const stat = await Deno.stat(path);
  if (note && isSame(note, stat)) return note.sha256;
  const sha256 = await fileDigest(path);
  await trust(path, sha256, stat).catch(() => {});
  return sha256;
}

/** Returns whether a file is as it was when it was noted. */
function isSame(note: Note, { size, mtime }: Deno.FileInfo): boolean {
  return note.bytes === size && note.modified === (mtime?.getTime() ?? 0);
}

async function readNote(path: string): Promise<Note | undefined> {
  const text = await unlessMissing(Deno.readTextFile(notePath(path)));
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // An incomplete note counts as missing.
  }
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function notePath(path: string): string {
  return `${path}.checked.json`;
}
