/**
 * Takes a worker's `location` away. ONNX Runtime resolves its own files against the
 * origin that it names, and a worker from a file has none: `"null"` is no base.
 *
 * Import it before onnxruntime-web, which looks when it is loaded.
 *
 * @module
 */

Object.defineProperty(globalThis, "location", { value: undefined });
