/**
 * A decoder whose answers are given, calls of tools included.
 *
 * @module
 */

import type { Decoder } from "../../lib/engine/engine.ts";
import { END, utf8 } from "../engine/_byte_engine.ts";
import { toyDecoder } from "../toy/decoder.ts";

/** Some text and a call of `add`. */
export const CALL =
  'Let me add.\n<tool_call>\n{"name": "add", "arguments": {"a": 40, "b": 2}}\n</tool_call>';

/** Returns a decoder whose answers are these texts, in order. */
export function says(...texts: string[]): Decoder {
  return {
    decode: (request, options) => {
      const tokens = [...utf8(texts.shift()!), END];
      return toyDecoder(tokens, { output: 3 }).decode(request, options);
    },
  };
}
