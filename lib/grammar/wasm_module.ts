/**
 * llguidance as a WebAssembly module, out of an npm package whose own interface is not
 * used: the module exports llguidance's whole C interface.
 *
 * @module
 */

// The import puts the package into Deno's cache; its entry loads nothing by itself.
import "transformers-llguidance";

/** The one file of the package that is read: the module as base64 inside JavaScript. */
const FILE = "llguidance_wasm-CEWXsDEr.js";

const SHA_256 =
  "214710605a02acfdf55c805a5395a40dc8667eae9c672cfb7afd806e252de443";

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Compiles llguidance 1.4.0, once in each thread.
 *
 * @throws {TypeError} if the package holds another file than this one.
 */
export function llguidanceModule(): Promise<WebAssembly.Module> {
  return compiled ??= compile();
}

async function compile(): Promise<WebAssembly.Module> {
  const entry = import.meta.resolve("transformers-llguidance");
  const source = await Deno.readTextFile(new URL(FILE, entry));
  const [, base64] = /data:application\/wasm;base64,([\w+/=]+)/.exec(source) ??
    [];
  const bytes = Uint8Array.fromBase64(base64 ?? "");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (digest.toHex() !== SHA_256) {
    throw new TypeError(
      `Cannot load llguidance: a module with SHA-256 ${SHA_256} is required: received ${digest.toHex()}`,
    );
  }
  return await WebAssembly.compile(bytes);
}
