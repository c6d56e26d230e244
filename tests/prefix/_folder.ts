/**
 * Temporary folders.
 *
 * @module
 */

/** Creates a folder; leaving its scope removes it. */
export function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return {
    path,
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
