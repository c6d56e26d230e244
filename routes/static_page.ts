/**
 * Pages that are static, need nothing from elsewhere and use the same API as every
 * client.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { serveStatic } from "hono/deno";
import { secureHeaders } from "hono/secure-headers";
import { methodNotAllowed } from "./failure.ts";

/** Allows a page to load only files of this server, and no page to frame it. */
const POLICY = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
};

/** Where a page is and where its files are. */
export interface StaticPage {
  /** Path of the page. */
  path: string;
  /** Path of its other files, without a slash at the end. */
  files: string;
  /** Folder with all of them. */
  folder: URL;
}

/** Serves a page and its files. */
export function staticPage({ path, files, folder }: StaticPage): Hono {
  const headers = secureHeaders({
    contentSecurityPolicy: POLICY,
    strictTransportSecurity: false, // the proxy that adds TLS decides
  });
  const root = fileURLToPath(folder);
  const page = serveStatic({ root, path: "index.html" });
  const others = serveStatic({
    root,
    rewriteRequestPath: (path) => path.slice(files.length),
  });
  return new Hono()
    .get(path, headers, page)
    .all(path, methodNotAllowed("GET"))
    .get(`${files}/*`, headers, others);
}
