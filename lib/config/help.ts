/**
 * The text of `--help`: what the server is, and its settings.
 *
 * @module
 */

import { type Setting, SETTINGS } from "./settings.ts";

/** Returns the help text, with a line for each setting. */
export function helpText(): string {
  const width = Math.max(...Object.keys(SETTINGS).map(({ length }) => length));
  const lines = Object.entries<Setting>(SETTINGS).map(([name, setting]) =>
    `  ${
      name.padEnd(width)
    }  ${setting.means} (${setting.value.description}) ` +
    `[${setting.default || "unset"}]`
  );
  return [
    "Serves small language models over OpenAI's API.",
    "",
    "  deno task start            serve",
    "  deno task start --prepare  download and convert the models, then leave",
    "",
    "Environment:",
    ...lines,
  ].join("\n");
}
