/**
 * From the form to the fields of a request.
 *
 * @module
 */

import { byId } from "./elements.js";

/**
 * Reads the form: fields of the request, and what is not for the model.
 *
 * The seed is always set, so that an answer can be given again without drafts.
 */
export function readParameters() {
  const form = new FormData(byId("parameters"));
  const number = (name) => Number(form.get(name));
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return {
    fields: {
      model: byId("model").value,
      draft: form.get("draft"),
      max_tokens: number("max_tokens"),
      temperature: number("temperature"),
      top_p: number("top_p"),
      seed: form.get("seed") === "" ? seed : number("seed"),
    },
    key: form.get("key"),
    system: form.get("system").trim(),
    compare: form.get("compare") !== null,
  };
}
