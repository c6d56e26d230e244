/**
 * `GET /`: a page to see the model draft. It is static, needs nothing from
 * elsewhere, and uses the same API as every client.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { serveStatic } from "hono/deno";
import { secureHeaders } from "hono/secure-headers";

const FOLDER = fileURLToPath(new URL("playground", import.meta.url));

/** Allows the page to load only its own files, and no page to frame it. */
const POLICY = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
};

/** Serves the page and its files. */
export function playground(): Hono {
  const headers = secureHeaders({
    contentSecurityPolicy: POLICY,
    strictTransportSecurity: false, // the proxy that adds TLS decides
  });
  const files = serveStatic({
    root: FOLDER,
    rewriteRequestPath: (path) => path.replace(/^\/playground/, ""),
  });
  return new Hono()
    .get("/", headers, files)
    .get("/playground/*", headers, files);
}
