/**
 * Reads the paths that clients make of a base URL with a slash too many or without
 * `/v1`. Keys are checked by the path that is read.
 *
 * @module
 */

import { getPath } from "hono/utils/url";

/** Resources that are also served without `/v1`, as in llama.cpp. */
const RESOURCES =
  /^\/(chat\/completions|completions|messages|responses|models|embeddings|decisions|tokenize|detokenize|apply-template)(\/|$)/;

/** Returns the path of a request as this server writes it. */
export function readPath(request: Request): string {
  const path = getPath(request)
    .replace(/\/{2,}/g, "/")
    .replace(/(.)\/$/, "$1")
    .replace(/^\/v1(?=\/v1\/)/, "");
  return RESOURCES.test(path) ? `/v1${path}` : path;
}
