/**
 * `bita key NAME`: makes an API key. The line of a file of keys goes to the standard
 * output, so that it can be appended there; the key itself to the standard error, once.
 *
 * @module
 */

import { newKey } from "../lib/access/key_lines.ts";

/** Limits that the key has instead of the server's. */
export interface KeyOptions {
  requests?: string;
  tokens?: string;
}

/** Makes a key and prints it. */
export function key(name: string, options: KeyOptions): void {
  const limits = Object.entries(options)
    .map(([kind, most]) => `${kind}=${most}`);
  const { key, line } = newKey(name, limits);
  console.error(`The key of ${name}, which is shown only now: ${key}`);
  console.error("Its line in API_KEYS_FILE:");
  console.log(line);
}
