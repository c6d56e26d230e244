/**
 * The check of a model file that is used in place. It needs nothing else of the downloads,
 * so that a wrong path ends a start at once.
 *
 * @module
 */

/**
 * Checks that there is a file at `path`.
 *
 * @throws {Deno.errors.NotFound} if there is none.
 */
export async function checkFile(path: string): Promise<void> {
  const found = await Deno.stat(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  if (found?.isFile) return;
  throw new Deno.errors.NotFound(
    `Cannot open the model: its path must name a file: received "${path}"`,
  );
}
