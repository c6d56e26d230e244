/**
 * A server of responses, whose model says one text after the other, an answer each.
 *
 * @module
 */

import type { Decoder } from "../../lib/engine/engine.ts";
import { openResponses } from "../../lib/responses/open_responses.ts";
import { byteEngine, END, utf8 } from "../engine/_byte_engine.ts";
import { toyDecoder } from "../toy/decoder.ts";
import { serve, type TestServer } from "./_serve.ts";

/** Text, then a call of `add`. */
export const CALL =
  'Let me add.\n<tool_call>\n{"name": "add", "arguments": {"a": 40, "b": 2}}\n</tool_call>';

/** A decoder that says `texts`, and what it was asked, as text. */
export interface Script {
  decoder: Decoder;
  prompts: string[];
}

/** Makes a decoder that says one of `texts` for each request. */
export function script(...texts: string[]): Script {
  const prompts: string[] = [];
  return {
    prompts,
    decoder: {
      decode(request, options) {
        const bytes = [...request.prompt].filter((id) => id < 256);
        prompts.push(new TextDecoder().decode(Uint8Array.from(bytes)));
        const said = [...utf8(texts.shift() ?? "No more."), END];
        return toyDecoder(said, { output: 3 }).decode(request, options);
      },
    },
  };
}

/** Serves a script, and keeps its responses in memory. */
export async function serveScript(
  { decoder }: Script,
  apiKeys: string[] = [],
): Promise<TestServer> {
  const responseStore = openResponses(
    Promise.resolve({ mode: "memory", kv: "", secret: new Uint8Array(32) }),
    { lifeMs: 60_000, onFailure: console.error, onFull() {}, now: Date.now },
  );
  const server = await serve({
    engines: [byteEngine(decoder, { context: 4096 })],
    responseStore,
    apiKeys,
  });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      responseStore.close();
    },
  };
}
