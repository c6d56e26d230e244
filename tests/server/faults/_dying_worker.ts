/**
 * The real worker, with a message that makes it throw.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import "../../../lib/worker/worker.ts";

self.addEventListener("message", (event) => {
  if ((event as MessageEvent).data !== "throw") return;
  setTimeout(() => {
    throw new Error("injected");
  });
});
