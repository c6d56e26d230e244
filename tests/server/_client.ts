/**
 * OpenAI's own client for a server under test.
 *
 * @module
 */

import OpenAI from "openai";
import type { RunningServer } from "./_server.ts";

/** The default model's id. */
export const MODEL = "smollm2-135m-instruct";

/** Makes a client that never tries again, so that each failure shows. */
export function client({ url }: RunningServer): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}
