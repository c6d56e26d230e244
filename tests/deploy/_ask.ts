/**
 * What clients do on the far side of the proxy.
 *
 * @module
 */

import { MODEL } from "../server/_client.ts";

const FIELDS = { model: MODEL, temperature: 0, draft: "none" };

/** Sends a completion's request. */
export function post(url: string, fields: object): Promise<Response> {
  return fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...FIELDS, ...fields }),
  });
}

/** Streams a long text; gives the time and the text of each part that came. */
export async function stream(url: string, max_tokens: number) {
  const parts: { at: number; text: string }[] = [];
  const response = await post(url, {
    prompt: "1, 2, 3,",
    max_tokens,
    stream: true,
  });
  const text = response.body!.pipeThrough(new TextDecoderStream());
  for await (const part of text) {
    parts.push({ at: performance.now(), text: part });
  }
  return parts;
}
