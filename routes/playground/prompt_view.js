/**
 * The prompt of an answer, as the model reads it: what of it was cached is marked.
 *
 * @module
 */

import { element } from "./elements.js";

/**
 * Shows the parts of a prompt, folded up under their counts.
 *
 * @param {{ text: string, tokens: number, cached: boolean }[]} parts
 */
export function promptView(parts) {
  const count = (counted) =>
    counted.reduce((sum, { tokens }) => sum + tokens, 0);
  const max = count(parts);
  const value = count(parts.filter(({ cached }) => cached));
  const ariaLabel = "Prompt tokens from the cache";
  const texts = parts.filter(({ text }) => text).map(({ text, cached }) =>
    element(cached ? "mark" : "span", {}, text)
  );
  return element(
    "details",
    { className: "reads" },
    element(
      "summary",
      { className: "facts" },
      `Prompt of ${max} tokens, ${value} cached `,
      element("meter", { max, value, ariaLabel }),
    ),
    element("p", {}, ...texts),
  );
}
