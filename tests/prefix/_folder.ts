/**
 * Folders for one test.
 *
 * @module
 */

/** Makes a folder that goes with its scope. */
export function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
