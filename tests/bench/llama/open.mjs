/**
 * Opens llama.cpp's CPU library, in a Node process.
 *
 * @module
 */

/** Installed beside this file for Node; a name in a variable hides it from Deno. */
const PACKAGE = "node-llama-cpp";
const { getLlama, LlamaLogLevel, ...others } = await import(PACKAGE);
export const { InputLookupTokenPredictor } = others;

/** Returns the prebuilt library, without a GPU. */
export function openLlama(options = {}) {
  return getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    logLevel: LlamaLogLevel.error,
    ...options,
  });
}
