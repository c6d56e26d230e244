/**
 * `GET /`: a page to see the model draft.
 *
 * @module
 */

import type { Hono } from "hono";
import { staticPage } from "./static_page.ts";

/** Serves the page and its files. */
export function playground(): Hono {
  const folder = new URL("playground", import.meta.url);
  return staticPage({ path: "/", files: "/playground", folder });
}
