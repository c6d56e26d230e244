/**
 * Removes a worker's `location`. ONNX Runtime resolves its own files against the
 * location's origin. In a worker from a file that is `"null"`, which is no base URL.
 *
 * Import it before onnxruntime-web, which reads the location when it is loaded.
 *
 * @module
 */

Object.defineProperty(globalThis, "location", { value: undefined });
