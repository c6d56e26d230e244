/**
 * `GET /openapi.json`: the OpenAPI document of this server. `GET /docs`: the same as a
 * page.
 *
 * @module
 */

import { Hono } from "hono";
import type { Keys } from "../lib/wire/openapi/document.ts";
import { methodNotAllowed } from "./failure.ts";
import { staticPage } from "./static_page.ts";

/** Serves the document of a server that asks for `keys`, and its page. */
export function reference(keys: Keys): Hono {
  let document: string | undefined; // Writing it takes some tens of milliseconds.
  const folder = new URL("reference", import.meta.url);
  return new Hono()
    .get("/openapi.json", async (c) => {
      // A start does not wait for it.
      const { openApi } = await import("../lib/wire/openapi/document.ts");
      document ??= JSON.stringify(openApi(keys));
      return c.body(document, 200, { "Content-Type": "application/json" });
    })
    .all("/openapi.json", methodNotAllowed("GET"))
    .route("/", staticPage({ path: "/docs", files: "/docs", folder }));
}
