/**
 * Checks a database file before Deno opens it, since a damaged one ends the process. A
 * damaged file is renamed, and the cache starts empty.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";

/** SQLite's codes for a failed read, a malformed file, and a file of another kind. */
const DAMAGES = [10, 11, 26];

/** Endings of the up to three files of a database. */
const PARTS = ["", "-wal", "-shm"];

/**
 * Makes sure that a sound database or none is at `path`, in a folder that is writable;
 * returns the new path of a damaged one, if there was one.
 *
 * @throws {Error} if the folder cannot be written to.
 */
export async function preflight(
  path: string,
  { now }: { now: () => number },
): Promise<string | undefined> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const probe = await Deno.makeTempFile({ dir: dirname(path) });
  await Deno.remove(probe);
  if (await isSound(path)) return undefined;
  const aside = `${path}.corrupt-${now()}`;
  for (const part of PARTS) {
    await Deno.rename(path + part, aside + part).catch(() => {});
  }
  return aside;
}

async function isSound(path: string): Promise<boolean> {
  const file = await Deno.stat(path).catch(() => undefined);
  if (!file) return true;
  try {
    using database = new DatabaseSync(path);
    database.exec("PRAGMA busy_timeout = 5000");
    const rows = database.prepare("PRAGMA quick_check(1)").all();
    return rows[0]?.quick_check === "ok";
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (DAMAGES.includes((errcode ?? 0) & 0xff)) return false;
    throw error;
  }
}
