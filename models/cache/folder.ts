/**
 * Contents and sizes of folders. One that does not exist is empty.
 *
 * @module
 */

/** Lists the entries of a folder. */
export async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Returns the bytes of a file, or of all files in a folder and its subfolders. */
export async function sizeOf(path: string): Promise<number> {
  return await measure(path, ({ size }) => size, (a, b) => a + b);
}

/** Returns when a file was changed, or the newest file in a folder, in ms since 1970. */
export async function changedAt(path: string): Promise<number> {
  return await measure(path, ({ mtime }) => mtime?.getTime() ?? 0, Math.max);
}

async function measure(
  path: string,
  value: (info: Deno.FileInfo) => number,
  join: (a: number, b: number) => number,
): Promise<number> {
  const info = await Deno.lstat(path);
  let whole = value(info);
  if (!info.isDirectory) return whole;
  for (const { name } of await entriesOf(path)) {
    whole = join(whole, await measure(`${path}/${name}`, value, join));
  }
  return whole;
}
