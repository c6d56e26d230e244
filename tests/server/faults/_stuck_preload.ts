/**
 * Run before the server by `--preload`: no worker ever answers, so that the server is
 * opening its model for as long as a test wants.
 *
 * @module
 */

globalThis.Worker = class extends EventTarget {
  postMessage() {
    console.log("opening");
  }
  terminate() {}
} as unknown as typeof Worker;
